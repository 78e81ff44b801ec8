"""An insurer's receipt as a template of intake: each line found in its hand-over, judged, and made an answer set-wise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.gating import Gate, asked_gates
from handover import answering
from handover.errors import HandOverRefused
from handover.models import Answer, Direction, HandOver, HandOverState, Receipt, ReceiptChunk, ReceiptRow
from intake import checks
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed
from intake.columns import Column
from intake.copying import ask
from intake.findings import SEVERITY_OF, Severity, Verdict
from intake.models import Chunk
from intake.staging import chunk_digest
from intake.template import Applied, Compared, Template, Undone, Unusual

_FINE = pl.col("worst") < Severity.ERROR.weight
#: Words that every receipt may use, whatever its format names.
ACCEPTED, REFUSED = ("承保", "同意承保", "已承保", "通过", "成功", "接受"), ("拒保", "拒绝", "不通过", "失败", "退回", "不予承保")
COLUMNS: tuple[Column, ...] = (
    Column(
        "number", "保障凭证号", ("凭证号", "我方编号"), required=True, example="AXB-2026-000000012345",
        help=_("Our number of the cover, as the hand-over had it."), max_length=60,
    ),
    Column(
        "result", "承保结果", ("结果", "核保结果", "处理结果"), clean="choice", example="承保",
        help=_("Accepted or refused; may be left out where a policy number or a reason says it."),
    ),
    Column(
        "policy_number", "保单号", ("保险单号", "保单号码", "个人保单号", "分单号"), example="PA2026000001", max_length=60,
        help=_("The insurer's own number; needed for whoever is accepted."),
    ),
    Column(
        "reason", "拒保原因", ("原因说明", "失败原因", "不承保原因", "备注"), max_length=200,
        help=_("Needed for whoever is refused; no document or account number."),
    ),
)
#: A run of digits that could be somebody's number.
_PERSONAL = r"[0-9]{8,}"
# Looked up row by row: a hand-over's lines are many when they are first answered, and no statistics know it yet.
_FOUND = sql.SQL("""
SELECT wanted.row, line.id, line.answer, line.policy_number, cover.state, coalesce(taken.is_taken, false)
FROM unnest(%(rows)s::int[], %(enrollments)s::bigint[], %(policies)s::text[]) AS wanted(row, enrollment, policy)
CROSS JOIN LATERAL (
    SELECT id, enrollment_id, answer, policy_number FROM handover_handoverline
    WHERE enrollment_id = wanted.enrollment AND direction = %(direction)s AND stands AND hand_over_id = %(hand_over)s
    LIMIT 1) AS line
CROSS JOIN LATERAL (SELECT state FROM beneficiaries_enrollment WHERE id = line.enrollment_id LIMIT 1) AS cover
LEFT JOIN LATERAL (
    SELECT true AS is_taken FROM handover_handoverline other JOIN handover_handover h ON h.id = other.hand_over_id
    WHERE %(own)s AND other.policy_number = wanted.policy AND other.policy_number <> '' AND h.insurer_id = %(insurer)s
        AND other.enrollment_id <> line.enrollment_id
    LIMIT 1) AS taken ON true
""").format()
_FOUND_SCHEMA = {
    "row": pl.UInt32, "line_id": pl.Int64, "known_answer": pl.String, "known_policy": pl.String, "cover": pl.String,
    "policy_taken": pl.Boolean,
}
# Lines of one receipt that say different things of one person, and one policy number for several people.
_CONFLICTS = """
WITH said AS (
    SELECT line_id FROM handover_receiptrow
    WHERE receipt_id = %(receipt)s AND line_id IS NOT NULL AND verdict <> %(replaced)s AND answer IS NOT NULL
    GROUP BY line_id HAVING count(DISTINCT (answer, coalesce(policy_number, ''))) > 1
), shared AS (
    SELECT policy_number FROM handover_receiptrow
    WHERE receipt_id = %(receipt)s AND verdict = %(new)s AND answer = 'accepted' AND policy_number IS NOT NULL AND %(own)s
    GROUP BY policy_number HAVING count(DISTINCT line_id) > 1
), wrong AS (
    SELECT r.id, CASE WHEN said.line_id IS NOT NULL THEN 'CONFLICT' ELSE 'POLICY_TWICE' END AS code
    FROM handover_receiptrow r LEFT JOIN said ON said.line_id = r.line_id
    LEFT JOIN shared ON shared.policy_number = r.policy_number AND r.answer = 'accepted'
    WHERE r.receipt_id = %(receipt)s AND r.verdict = %(new)s AND (said.line_id IS NOT NULL OR shared.policy_number IS NOT NULL)
)
UPDATE handover_receiptrow r SET verdict = %(refused)s, codes = r.codes || wrong.code::varchar,
    findings = coalesce(r.findings, '[]'::jsonb) || jsonb_build_array(jsonb_build_object('column', 'number', 'code', wrong.code,
        'severity', %(severity)s::text, 'value_masked', '', 'extra', ''))
FROM wrong WHERE r.id = wrong.id RETURNING r.chunk, wrong.code
"""
_MONEY = """
SELECT r.answer, count(*), coalesce(sum(l.premium), 0.00)
FROM handover_receiptrow r JOIN handover_handoverline l ON l.id = r.line_id
WHERE r.receipt_id = %s AND r.verdict = %s GROUP BY 1
"""


@dataclass(frozen=True)
class ReceiptContext:
    """What one job needs to check and compare a receipt's rows."""

    receipt: Receipt
    hand_over: HandOver
    checks: Context
    words: dict[str, str]
    asks_acceptance: bool
    year: int

    @property
    def program_code(self) -> str:
        """The program whose data keys seal the lines as they came."""
        return self.hand_over.program.code

    @property
    def own_policies(self) -> bool:
        """Whether one policy number stands for one person."""
        return self.hand_over.format.own_policies and self.hand_over.direction == Direction.ENTRY


class ReceiptTemplate(Template):
    """One line, one answer. Its headings and words are the common ones and those of the insurer's format."""

    key = "receipt"
    title = _("Receipt of an insurer")
    import_model = Receipt
    row_model = ReceiptRow
    chunk_model = ReceiptChunk
    import_key = "receipt"
    columns = COLUMNS
    unique_by = ("number", "said")
    #: Even chunks for two workers: of ten larger ones the last kept one of them waiting for a second and a half.
    rows_per_chunk = 25_000
    staged = ("line_id", "enrollment_id", "answer", "policy_number", "refusal")
    purpose = "handover"

    def __init__(self, hand_over: HandOver | None = None) -> None:
        if hand_over is not None:
            self.columns = columns_of(hand_over)  # type: ignore[misc]

    def context(self, subject: Receipt, *, at: datetime) -> ReceiptContext:
        """The hand-over with its format; the words that mean accepted and refused."""
        receipt = Receipt.objects.get(pk=subject.pk)
        hand_over = HandOver.objects.select_related("program", "period__plan", "format", "insurer").get(pk=receipt.hand_over_id)
        day = timezone.localdate(at)
        said = words_of(hand_over)
        return ReceiptContext(
            receipt=receipt, hand_over=hand_over,
            checks=Context(today=day, regions=pl.DataFrame(schema={"code": pl.String, "successor": pl.String})),
            words={word: answer for answer, words in said.items() for word in words},
            asks_acceptance=Gate.ACCEPTANCE in asked_gates(hand_over.period.plan), year=day.year,
        )

    def check(self, frame: pl.DataFrame, context: ReceiptContext) -> Checked:
        """Cleaned cells; which cover a line names, what it answers, and both as one text that a repeated line has too."""
        checked = checks.check(frame, self.columns, self.checks_of(context))
        number = pl.col("number").str.strip_chars().str.to_uppercase()
        digits = number.str.extract(r"^(?:.*-)?([0-9]{12,17})$").cast(pl.Int64, strict=False)
        prefix = number.str.extract(r"^(.*)-[0-9]{12,17}$")
        own = f"{context.hand_over.program.code}-{context.hand_over.period.code}".upper()
        reads = (digits % 97 == 1) & (prefix.is_null() | (prefix == own))
        policy, reason = pl.col("policy_number"), pl.col("reason")
        result = pl.col("result").replace_strict(context.words, default=None, return_dtype=pl.String)
        answer = (
            pl.when(pl.col("result").is_not_null()).then(result)
            .when(policy.is_not_null() & reason.is_null()).then(pl.lit("accepted"))
            .when(policy.is_null() & reason.is_not_null()).then(pl.lit("refused"))
        )  # fmt: skip
        found = checked.frame.with_columns(
            enrollment_id=pl.when(reads.fill_null(value=False)).then(digits // 100), answer=answer
        ).with_columns(
            said=pl.concat_str(
                pl.col("answer").fill_null("-"), policy.fill_null("-"), pl.col("enrollment_id").cast(pl.String).fill_null("-"),
                separator="|",
            ),
        )
        return Checked(found, checked.findings)

    def compare(self, checked: Checked, context: ReceiptContext) -> Compared:
        """Each line against its line of the hand-over, and what was answered before."""
        frame, findings = checked.frame, checked.findings
        entry = context.hand_over.direction == Direction.ENTRY
        known = _known(frame, context)
        frame = frame.join(known, on="row", how="left", maintain_order="left")
        accepted, refused = pl.col("answer") == "accepted", pl.col("answer") == "refused"
        policy, reason = pl.col("policy_number"), pl.col("reason")
        for code, column, where in (
            ("HANDED_NUMBER", "number", pl.col("number").is_not_null() & pl.col("enrollment_id").is_null()),
            ("UNKNOWN_LINE", "number", pl.col("enrollment_id").is_not_null() & pl.col("line_id").is_null()),
            ("ANSWER_MISSING", "result", pl.col("answer").is_null()),
            ("POLICY_MISSING", "policy_number", accepted & policy.is_null() if entry else pl.lit(value=False)),
            ("POLICY_OF_REFUSED", "policy_number", refused & policy.is_not_null()),
            ("REFUSAL_MISSING", "reason", refused & reason.is_null()),
            ("REFUSAL_PERSONAL", "reason", refused & reason.str.contains(_PERSONAL)),
            ("POLICY_TWICE", "policy_number", accepted & pl.col("policy_taken")),
        ):
            frame, findings = self._refuse(frame, findings, code, column, _FINE & where)
        fine, before = frame.select(_FINE).to_series(), pl.col("known_answer").fill_null("") != ""
        same = before & (pl.col("known_answer") == pl.col("answer")) & (
            refused | (pl.col("known_policy") == policy.fill_null(""))
        )
        late = accepted & ~before & (pl.col("cover") != "awaiting") if entry and context.asks_acceptance else pl.lit(value=False)
        for code, column, where in (
            ("ANSWERED", "number", same), ("ANSWERED_OTHERWISE", "result", before & ~same), ("NOT_WAITING", "number", late),
        ):
            findings = self._add(findings, frame, code, column, frame.select(_FINE & where).to_series())
        verdict = (
            pl.when(~fine).then(Verdict.REFUSED).when(same).then(Verdict.COVERED).when(before).then(Verdict.DOUBTFUL)
            .otherwise(Verdict.NEW)
        )  # fmt: skip
        frame = frame.with_columns(verdict=verdict.cast(pl.UInt8), refusal=pl.when(refused).then(reason))
        return Compared(frame, {}, findings)

    def _refuse(
        self, frame: pl.DataFrame, findings: pl.DataFrame, code: str, column: str, where: pl.Expr
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        found = frame.select(where.fill_null(value=False)).to_series()
        if not found.any():
            return frame, findings
        findings = self._add(findings, frame, code, column, found)
        worst = pl.when(found).then(pl.lit(Severity.ERROR.weight, pl.UInt8)).otherwise("worst").alias("worst")
        return frame.with_columns(worst), findings

    def _add(self, findings: pl.DataFrame, frame: pl.DataFrame, code: str, column: str, where: pl.Series) -> pl.DataFrame:
        """The findings and one more per row where the mask is true."""
        rows = where.fill_null(value=False).arg_true()
        if rows.is_empty():
            return findings
        found = placed(found_at(code, self.column(column), rows, frame[column].gather(rows)), frame)
        return pl.concat([findings, found]).sort("row", maintain_order=True)

    def decide_again(self, subject: Receipt, *, at: datetime) -> dict[str, int]:
        """Contradictions between lines, which show when all are read: none of them counts."""
        refuse_contradictions(subject, self)
        return {}

    def unusual(self, subject: Receipt) -> list[Unusual]:
        """Answers that were given before are no sign of a wrong file: a second receipt often has all lines again."""
        return []

    def preview_money(self, subject: Receipt, context: ReceiptContext) -> dict[str, Any]:
        """People and premium that the answers are about: {"accepted": [people, yuan], "refused": [people, yuan]}."""
        with connection.cursor() as cursor:
            cursor.execute(_MONEY, [subject.pk, int(Verdict.NEW)])
            found = {answer: [people, str(premium)] for answer, people, premium in cursor.fetchall()}
        return {answer: found.get(answer, [0, "0.00"]) for answer in (Answer.ACCEPTED.value, Answer.REFUSED.value)}

    def reserve(self, subject: Receipt, *, by: Any, at: datetime) -> None:
        """Nothing is held; the hand-over must still stand."""
        if HandOver.objects.get(pk=subject.hand_over_id).state != HandOverState.RELEASED:
            raise HandOverRefused("NOT_RELEASED")

    def reserve_by_priority(self, subject: Receipt, *, expected: Sequence[Any] | None, by: Any, at: datetime) -> None:
        """There is nothing to be left out."""
        raise HandOverRefused("NO_PRIORITY")

    def release(self, subject: Receipt, *, at: datetime) -> None:
        """The statement with the new answers; the hand-over answered once nothing is open."""
        answering.finish(subject, at=at)

    def apply_chunk(self, subject: Receipt, chunk: Chunk, *, context: ReceiptContext, at: datetime) -> Applied:
        """The answers of one chunk: accepted people come into force, refused ones are taken out."""
        return answering.answer_lines(
            subject, chunk, context.hand_over, asks_acceptance=context.asks_acceptance, own_policies=context.own_policies, at=at
        )

    def undo_chunk(self, subject: Receipt, chunk: Chunk, *, context: ReceiptContext, at: datetime) -> Undone:
        """A receipt is not undone."""
        raise HandOverRefused("NO_UNDO")

    def kept_in_words(self, code: str) -> str:
        """Nothing is ever kept by an undo."""
        return code

    def terms_of(self, subject: Receipt) -> Sequence[str]:
        """The hand-over that it answers."""
        return (f"hand-over {subject.hand_over_id}", f"organization {subject.organization_id}")

    def same_terms(self, subject: Receipt) -> models.QuerySet:
        """Receipts of the same hand-over."""
        return Receipt.objects.filter(hand_over=subject.hand_over_id)

    def program_id_of(self, subject: Receipt) -> int:
        """The program."""
        return int(subject.program_id)


#: The common layout: for blank templates, verbs and words of an office.
RECEIPT = ReceiptTemplate()


def template_of(receipt: Receipt) -> ReceiptTemplate:
    """How this receipt's files are read: with the headings and words of its hand-over's format."""
    return ReceiptTemplate(HandOver.objects.select_related("format").get(pk=receipt.hand_over_id))


def words_of(hand_over: HandOver) -> dict[str, tuple[str, ...]]:
    """What accepted and refused are called: by the insurer, and commonly where it does not mean the other."""
    own = hand_over.format.receipt_words
    taken = {*own.get("accepted", ()), *own.get("refused", ())}
    return {
        answer: (*own.get(answer, ()), *(word for word in common if word not in taken))
        for answer, common in (("accepted", ACCEPTED), ("refused", REFUSED))
    }


def columns_of(hand_over: HandOver) -> tuple[Column, ...]:
    """The receipt's columns with the insurer's own headings and words."""
    headings = hand_over.format.receipt_headings
    words = words_of(hand_over)
    # The hand-over's own heading of our number comes back with it.
    ours = [heading for columns in hand_over.format.columns.values() for heading, field, _text in columns if field == "number"]
    named: dict[str, tuple[str, ...]] = {column.key: tuple(headings.get(column.key, ())) for column in COLUMNS}
    named["number"] = (*named["number"], *ours)
    claimed = {heading for key, found in named.items() for heading in found}
    found = []
    for column in COLUMNS:
        common = tuple(each for each in column.synonyms if each not in claimed or each in named[column.key])
        changed = replace(column, synonyms=tuple(dict.fromkeys((*named[column.key], *common))))
        if column.clean == "choice":
            changed = replace(changed, choices=(*words["accepted"], *words["refused"]))
        found.append(changed)
    return tuple(found)


def _known(frame: pl.DataFrame, context: ReceiptContext) -> pl.DataFrame:
    """The hand-over's lines that the rows name: one query a chunk."""
    rows = frame.select(pl.col("enrollment_id").is_not_null()).to_series().arg_true()
    lines = frame.select("enrollment_id", pl.col("policy_number").fill_null(""))[rows.to_list()]
    found = ask(
        _FOUND,
        {
            "rows": rows.to_list(), "enrollments": lines["enrollment_id"].to_list(),
            "policies": lines["policy_number"].to_list(), "own": context.own_policies,
            "insurer": context.hand_over.insurer_id, "direction": context.hand_over.direction.value,
            "hand_over": context.hand_over.pk,
        },
    ) if len(rows) else []
    return pl.DataFrame(found, schema=_FOUND_SCHEMA, orient="row")


def refuse_contradictions(receipt: Receipt, template: ReceiptTemplate) -> None:
    """Refuse lines that contradict one another, each chunk with its counts and digest; in the caller's transaction."""
    hand_over = HandOver.objects.select_related("format").get(pk=receipt.hand_over_id)
    fault_point("handover.contradictions.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(
            _CONFLICTS,
            {
                "receipt": receipt.pk, "new": int(Verdict.NEW), "refused": int(Verdict.REFUSED),
                "replaced": int(Verdict.REPLACED), "severity": SEVERITY_OF["CONFLICT"],
                "own": hand_over.format.own_policies and hand_over.direction == Direction.ENTRY,
            },
        )
        wrong = Counter(cursor.fetchall())
    for number in sorted({chunk for chunk, _code in wrong}):
        chunk = template.chunks_of(receipt).get(number=number)
        codes = {code: count for (each, code), count in wrong.items() if each == number}
        verdicts = Counter(chunk.counts["verdicts"])
        moved = sum(codes.values())
        verdicts.update({str(int(Verdict.NEW)): -moved, str(int(Verdict.REFUSED)): moved})
        kept = Counter(chunk.counts["codes"]) + Counter(codes)
        chunk.counts = {
            **chunk.counts, "verdicts": dict(sorted((+verdicts).items())), "codes": dict(sorted(kept.items())),
        }
        chunk.digest = chunk_digest(template, receipt.pk, number)
        chunk.save(update_fields=["counts", "digest"])
    fault_point("handover.contradictions.after")
