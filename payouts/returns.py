"""A bank's returned file as a template of intake: each line found in its batch, judged by what is known, held where in doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection, models
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit.faults import fault_point
from audit.history import plan_anew
from intake import checks
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed
from intake.columns import Column
from intake.copying import ask
from intake.findings import SEVERITY_OF, FileFinding, Severity, Verdict
from intake.models import Chunk
from intake.staging import chunk_digest
from intake.template import Applied, Compared, Template, Undone, Unusual
from payouts import settling
from payouts.columns import columns_of as file_columns_of
from payouts.columns import reason_words, result_words
from payouts.errors import PayoutsRefused
from payouts.models import (
    OUT,
    PAYOUTS_KEY,
    AmountStyle,
    BankReturn,
    BankReturnChunk,
    BankReturnRow,
    Batch,
    FailureCode,
    Outcome,
)

_FINE = pl.col("worst") < Severity.ERROR.weight
COLUMNS: tuple[Column, ...] = (
    Column(
        "line_key", "付款编号", ("明细编号", "业务编号", "客户方流水号", "商户订单号", "明细流水号"), required=True, max_length=40,
        example="P000000012-000001", help=_("Our number of the payout, as the file to the bank had it."),
    ),
    Column("batch", "批次号", ("批次编号", "批号"), max_length=40, example="P000000012", help=_("Our number of the batch.")),
    Column(
        "amount", "金额", ("交易金额", "付款金额", "金额(元)", "发生额"), required=True, clean="amount", example="5000.00",
        help=_("As the file to the bank had it."),
    ),
    Column(
        "status", "处理结果", ("交易状态", "状态", "处理状态", "结果"), required=True, max_length=60, example="成功",
        help=_("Paid, failed, returned, or not known yet; in the bank's own words."),
    ),
    Column("code", "错误码", ("返回码", "错误代码", "失败代码"), max_length=60, example="ACCOUNT_NOT_EXIST"),
    Column("reason", "失败原因", ("原因", "附言", "错误信息", "退票原因"), max_length=200, example="户名不符"),
    Column(
        "settled_on", "交易日期", ("处理日期", "记账日期", "入账日期", "退票日期"), clean="date", example="2027-03-05",
        help=_("The day on which it was paid, failed or came back; empty: the day of the file's upload."),
    ),
)
_FOUND = sql.SQL("""
SELECT wanted.row, l.id, l.amount, l.state
FROM unnest(%(rows)s::int[], %(numbers)s::int[]) AS wanted(row, number)
CROSS JOIN LATERAL (
    SELECT id, amount, state FROM payouts_batchline WHERE batch_id = %(batch)s AND number = wanted.number LIMIT 1) AS l
""").format()
_FOUND_SCHEMA: dict[str, Any] = {
    "row": pl.UInt32, "found_id": pl.Int64, "known_amount": pl.Decimal(16, 2), "known_state": pl.String,
}
# Lines of one file about one payout: the same again is refused, what cannot both be is held.
_REPEATED = """
WITH said AS (
    SELECT line_id, bool_or(outcome = 'failed') AND bool_or(outcome <> 'failed') AS contradicts
    FROM payouts_bankreturnrow WHERE bank_return_id = %(return)s AND verdict = ANY(%(counts)s) AND outcome IS NOT NULL
    GROUP BY line_id
), again AS (
    SELECT id, row_number() OVER (PARTITION BY line_id, outcome ORDER BY id) > 1 AS is_again
    FROM payouts_bankreturnrow WHERE bank_return_id = %(return)s AND verdict = ANY(%(counts)s) AND outcome IS NOT NULL
), wrong AS (
    SELECT r.id, r.verdict AS before, CASE WHEN said.contradicts THEN %(doubtful)s ELSE %(refused)s END AS verdict,
        CASE WHEN said.contradicts THEN 'PAYOUT_CONFLICT' ELSE 'DUP_LINE' END AS code,
        CASE WHEN said.contradicts THEN %(doubt)s ELSE %(error)s END AS severity
    FROM payouts_bankreturnrow r JOIN said ON said.line_id = r.line_id JOIN again ON again.id = r.id
    WHERE r.bank_return_id = %(return)s AND (said.contradicts OR again.is_again)
)
UPDATE payouts_bankreturnrow r SET verdict = wrong.verdict, codes = r.codes || wrong.code::varchar,
    findings = coalesce(r.findings, '[]'::jsonb) || jsonb_build_array(jsonb_build_object('column', 'line_key',
        'code', wrong.code, 'severity', wrong.severity, 'value_masked', '', 'extra', ''))
FROM wrong WHERE r.id = wrong.id RETURNING r.chunk, wrong.before, wrong.verdict, wrong.code
"""


@dataclass(frozen=True)
class ReturnContext:
    """What one job needs to check and compare a returned file's rows."""

    bank_return: BankReturn
    batch: Batch
    checks: Context
    words: dict[str, str]
    reasons: dict[str, str]
    #: Before that day nothing of the batch can have been paid.
    from_on: date
    uploaded_on: date
    year: int

    @property
    def program_code(self) -> str:
        """The program whose data keys seal the lines as they came."""
        return self.batch.program.code


class ReturnTemplate(Template):
    """One line, what became of one payout. Its headings and words are the common ones and those of the bank's format."""

    key = "bank_return"
    title = _("Returned file of a bank")
    import_model = BankReturn
    row_model = BankReturnRow
    chunk_model = BankReturnChunk
    import_key = "bank_return"
    columns = COLUMNS
    unique_by = ("line_key", "nobody")
    staged = ("line_id", "number", "outcome", "code", "amount", "settled_on")
    rows_per_chunk = 25_000
    purpose = PAYOUTS_KEY

    def __init__(self, batch: Batch | None = None) -> None:
        if batch is not None:
            self.columns = columns_of(batch)  # type: ignore[misc]

    def context(self, subject: BankReturn, *, at: datetime) -> ReturnContext:
        """The batch with its format; the words that mean paid, failed, returned and unknown."""
        bank_return = BankReturn.objects.get(pk=subject.pk)
        batch = Batch.objects.select_related("program", "format").get(pk=bank_return.batch_id)
        released = batch.released_at or at
        return ReturnContext(
            bank_return=bank_return, batch=batch,
            checks=Context(
                today=timezone.localdate(at), regions=pl.DataFrame(schema={"code": pl.String, "successor": pl.String})
            ),
            words=result_words(batch.format.result_words), reasons=reason_words(batch.format.failure_words),
            from_on=timezone.localdate(released), uploaded_on=timezone.localdate(bank_return.uploaded_at),
            year=timezone.localdate(at).year,
        )

    def check(self, frame: pl.DataFrame, context: ReturnContext) -> Checked:
        """Cleaned cells; which payout a line names, and what it says of it."""
        checked = checks.check(frame, self.columns, self.checks_of(context))
        key = pl.col("line_key").str.strip_chars().str.to_uppercase()
        status = pl.col("status").str.strip_chars().replace_strict(context.words, default=None, return_dtype=pl.String)
        fen = context.batch.format.amounts == AmountStyle.FEN
        amount = pl.col("amount").cast(pl.Decimal(16, 2))
        whole = amount.cast(pl.Int64) == amount
        found = checked.frame.with_columns(
            of_batch=key.str.extract(r"^P([0-9]{9,12})-[0-9]{6,9}$").cast(pl.Int64, strict=False),
            number=key.str.extract(r"^P[0-9]{9,12}-([0-9]{6,9})$").cast(pl.Int32, strict=False),
            said=status, code=_code_of(context.reasons),
            amount=(pl.when(whole).then((amount / 100).cast(pl.Decimal(16, 2))) if fen else amount),
            settled_on=pl.coalesce(pl.col("settled_on"), pl.lit(context.uploaded_on)),
            # Repetitions are found below, where a repeated line shows by what it says.
            nobody=pl.lit(None, pl.String),
        )
        return Checked(found, checked.findings)

    def compare(self, checked: Checked, context: ReturnContext) -> Compared:
        """Each line against its payout, and what is known of it."""
        frame, findings = checked.frame, checked.findings
        frame = frame.join(_known(frame, context), on="row", how="left", maintain_order="left")
        said, known = pl.col("said"), pl.col("known_state")
        batch, ours = pl.col("of_batch"), pl.col("found_id").is_not_null() & (known != "out").fill_null(value=False)
        own = pl.col("batch").is_null() | (pl.col("batch").str.strip_chars().str.to_uppercase() == context.batch.reference)
        outcome = pl.when(said != "unknown").then(said)
        wrong = (
            pl.when(~_FINE).then(None)
            .when((batch.is_not_null() & (batch != context.batch.pk)) | ~own).then(pl.lit("WRONG_BATCH"))
            .when(batch.is_null() | ~ours).then(pl.lit("UNKNOWN_PAYOUT"))
            .when(pl.col("amount").is_null() | (pl.col("amount") != pl.col("known_amount"))).then(pl.lit("AMOUNT_CHANGED"))
            .when(pl.col("settled_on") < context.from_on).then(pl.lit("TOO_EARLY"))
            .when(pl.col("settled_on") > context.checks.today).then(pl.lit("TOO_LATE"))
            .when(said.is_null() | (said == "unknown")).then(pl.lit("STATUS_UNKNOWN"))
            .when(said == known).then(pl.lit("RESULT_KNOWN"))
            .when((said == "paid") & (known == "returned")).then(pl.lit("RESULT_KNOWN"))
            .when(known.is_in(["failed", "returned"]) | ((known == "paid") & (said == "failed"))).then(pl.lit("PAYOUT_CONFLICT"))
        )  # fmt: skip
        frame = frame.with_columns(wrong=wrong)
        for code, column in _TOLD_AT.items():
            rows = frame.select((pl.col("wrong") == code).fill_null(value=False)).to_series().arg_true()
            if not rows.is_empty():
                found = placed(found_at(code, self.column(column), rows, frame[column].cast(pl.String).gather(rows)), frame)
                findings = pl.concat([findings, found]).sort("row", maintain_order=True)
        weight = pl.col("wrong").replace_strict(SEVERITY_OF, default=None, return_dtype=pl.String)
        verdict = (
            pl.when(~_FINE | (weight == Severity.ERROR.value)).then(Verdict.REFUSED)
            .when(weight == Severity.DOUBT.value).then(Verdict.DOUBTFUL)
            .when(pl.col("wrong") == "RESULT_KNOWN").then(Verdict.COVERED).otherwise(Verdict.NEW)
        )  # fmt: skip
        failing = said.is_in(["failed", "returned"])
        refused = ["WRONG_BATCH", "UNKNOWN_PAYOUT"]
        frame = frame.with_columns(
            verdict=verdict.cast(pl.UInt8), outcome=outcome,
            code=pl.when(failing).then(pl.coalesce(pl.col("code"), pl.lit(FailureCode.OTHER.value))),
            line_id=pl.when(_FINE & ~pl.col("wrong").is_in(refused).fill_null(value=False)).then("found_id"),
        )
        return Compared(frame, {}, findings)

    def decide_again(self, subject: BankReturn, *, at: datetime) -> dict[str, int]:
        """Lines that repeat or contradict one another, which shows when all are read."""
        judge_repetitions(subject, self)
        return {}

    def reason_to_close(self, subject: BankReturn, *, at: datetime) -> FileFinding | None:
        """Another count or sum than the bank gives refuses the whole: nobody could say which line is wrong."""
        rows = self.rows_of(subject).exclude(verdict=Verdict.REPLACED)
        unread = list(rows.filter(amount=None).order_by("pk").values_list("line", flat=True)[:5])
        if unread:
            return FileFinding("AMOUNT_UNREAD", "、".join(map(str, unread)))
        found = rows.aggregate(lines=Count("pk"), amount=Sum("amount", default=Decimal("0.00")))
        if (found["lines"], found["amount"]) == (subject.control_lines, subject.control_amount):
            return None
        return FileFinding(
            "CONTROL_SUM", f"{found['lines']} / {found['amount']} ≠ {subject.control_lines} / {subject.control_amount}"
        )

    def unusual(self, subject: BankReturn) -> list[Unusual]:
        """What was told before is no sign of a wrong file: a later one often has all lines again."""
        return []

    def preview_money(self, subject: BankReturn, context: ReturnContext) -> dict[str, Any]:
        """{"paid": [payouts, yuan], "failed": ..., "returned": ...} that would be taken over."""
        rows = BankReturnRow.objects.filter(bank_return=subject, verdict=Verdict.NEW).order_by()
        found = {
            outcome: [number, str(amount)] for outcome, number, amount
            in rows.values_list("outcome").annotate(number=Count("pk"), sum=Sum("amount", default=Decimal("0.00")))
        }
        return {outcome.value: found.get(outcome.value, [0, "0.00"]) for outcome in Outcome}

    def does_something(self, subject: BankReturn) -> bool:
        """Whether there is a result to be taken over."""
        return bool(subject.verdict_count(Verdict.NEW))

    def reserve(self, subject: BankReturn, *, by: Any, at: datetime) -> None:
        """Nothing is held; the bank must still be able to have the file."""
        if Batch.objects.get(pk=subject.batch_id).state not in OUT:
            raise PayoutsRefused("RETURN_BATCH_STATE")

    def release(self, subject: BankReturn, *, at: datetime) -> None:
        """The batch stands where its results put it."""
        settling.finish(subject, at=at)

    def apply_chunk(self, subject: BankReturn, chunk: Chunk, *, context: ReturnContext, at: datetime) -> Applied:
        """The results of one chunk, with their payables and postings."""
        return settling.settle(subject, chunk, at=at)

    def undo_chunk(self, subject: BankReturn, chunk: Chunk, *, context: ReturnContext, at: datetime) -> Undone:
        """A bank's answer is not undone."""
        raise PayoutsRefused("RETURN_STANDS")

    def kept_in_words(self, code: str) -> str:
        """Nothing is ever kept by an undo."""
        return code

    def terms_of(self, subject: BankReturn) -> Sequence[str]:
        """The batch, and what the bank says of the whole."""
        return (f"batch {subject.batch_id}", f"control {subject.control_lines} {subject.control_amount}")

    def same_terms(self, subject: BankReturn) -> models.QuerySet:
        """Returned files of the same batch."""
        return BankReturn.objects.filter(batch=subject.batch_id)

    def program_id_of(self, subject: BankReturn) -> int:
        """The program."""
        return int(subject.program_id)


#: Finding -> the column of which it is told.
_TOLD_AT = {
    "WRONG_BATCH": "line_key", "UNKNOWN_PAYOUT": "line_key", "AMOUNT_CHANGED": "amount", "TOO_EARLY": "settled_on",
    "TOO_LATE": "settled_on", "STATUS_UNKNOWN": "status", "RESULT_KNOWN": "status", "PAYOUT_CONFLICT": "status",
}
#: The common layout: for blank templates, verbs and words of an office.
RETURN = ReturnTemplate()


def template_of(bank_return: BankReturn) -> ReturnTemplate:
    """How this file is read: with the headings and words of its batch's format."""
    return ReturnTemplate(Batch.objects.select_related("format").get(pk=bank_return.batch_id))


def columns_of(batch: Batch) -> tuple[Column, ...]:
    """The columns with the bank's own headings; what the file to the bank called our numbers comes back with them."""
    headings: dict[str, list[str]] = {key: list(found) for key, found in batch.format.result_headings.items()}
    sent = {field: heading for heading, field, _text in file_columns_of(batch.format.columns) if field}
    for key in ("line_key", "batch", "amount"):
        if key in sent:
            headings.setdefault(key, []).append(sent[key])
    claimed = {heading for found in headings.values() for heading in found}
    return tuple(
        replace(
            column,
            synonyms=tuple(
                dict.fromkeys(
                    (*headings.get(column.key, ()), *(word for word in column.synonyms if word not in claimed))
                )
            ),
        )
        for column in COLUMNS
    )


def _code_of(words: dict[str, str]) -> pl.Expr:
    """Our reason: by the bank's code, else by the first of its words that stands in its sentence."""
    exact = pl.col("code").str.strip_chars().replace_strict(words, default=None, return_dtype=pl.String)
    found: Any = pl.lit(None, pl.String)
    # Longer words first: 户名不符 says more than 不符.
    for word, code in sorted(words.items(), key=lambda each: len(each[0])):
        found = pl.when(pl.col("reason").str.contains(word, literal=True)).then(pl.lit(code)).otherwise(found)
    return pl.coalesce(exact, found)


def _known(frame: pl.DataFrame, context: ReturnContext) -> pl.DataFrame:
    """The payouts that the rows name: one query a chunk."""
    rows = frame.filter(pl.col("number").is_not_null() & (pl.col("of_batch") == context.batch.pk))
    found = ask(
        _FOUND, {"rows": rows["row"].to_list(), "numbers": rows["number"].to_list(), "batch": context.batch.pk}
    ) if len(rows) else []
    return pl.DataFrame(found, schema=_FOUND_SCHEMA, orient="row")


def judge_repetitions(bank_return: BankReturn, template: ReturnTemplate) -> None:
    """Refuse lines that say the same again, hold those that contradict, each chunk with its counts and digest; in the
    caller's transaction."""
    fault_point("payouts.repetitions.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(
            _REPEATED,
            {
                "return": bank_return.pk, "counts": [int(Verdict.NEW), int(Verdict.COVERED)],
                "doubtful": int(Verdict.DOUBTFUL), "refused": int(Verdict.REFUSED),
                "doubt": SEVERITY_OF["PAYOUT_CONFLICT"], "error": SEVERITY_OF["DUP_LINE"],
            },
        )
        moved = Counter(cursor.fetchall())
    for number in sorted({chunk for chunk, _before, _after, _code in moved}):
        chunk = template.chunks_of(bank_return).get(number=number)
        verdicts, codes = Counter(chunk.counts["verdicts"]), Counter(chunk.counts["codes"])
        for (of, before, after, code), rows in moved.items():
            if of == number:
                verdicts.update({str(before): -rows, str(after): rows})
                codes[code] += rows
        chunk.counts = {
            **chunk.counts, "verdicts": dict(sorted((+verdicts).items())), "codes": dict(sorted(codes.items())),
        }
        chunk.digest = chunk_digest(template, bank_return.pk, number)
        chunk.save(update_fields=["counts", "digest"])
    fault_point("payouts.repetitions.after")
