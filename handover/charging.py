"""An insurer's invoice as a template of intake: each line compared with what is due by the hand-overs; what is equal is agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import polars as pl
from django.db import connection, models
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit.faults import fault_point
from audit.history import plan_anew
from handover import premium
from handover.errors import HandOverRefused
from handover.models import DecisionKind, Invoice, InvoiceChunk, InvoiceDecision, InvoiceRow
from intake import checks
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed
from intake.columns import Column
from intake.copying import ask
from intake.findings import SEVERITY_OF, FileFinding, Severity, Verdict
from intake.models import Chunk
from intake.staging import chunk_digest
from intake.template import Applied, Compared, Template, Undone

ZERO = Decimal("0.00")
_FINE = pl.col("worst") < Severity.ERROR.weight
COLUMNS: tuple[Column, ...] = (
    Column(
        "number", "保障凭证号", ("凭证号", "我方编号", "客户号"), example="AXB-2026-000000012345", max_length=60,
        help=_("Our number of the cover; else the policy number."),
    ),
    Column(
        "policy_number", "保单号", ("保险单号", "保单号码", "个人保单号", "分单号", "个单号"), max_length=60,
        example="PA2026000001", help=_("The insurer's own number, where one person stands under it."),
    ),
    Column(
        "amount", "保费", ("保费(元)", "应收保费", "实收保费", "保险费", "金额", "应收金额", "金额(元)"), required=True,
        clean="amount", example="99.00", help=_("Yuan; below zero where premium is given back."),
    ),
)
#: How an amount below zero is written: -99.00, －99.00, (99.00).
_BELOW = r"^\s*[-－−(（]\s*"
# Looked up row by row: no statistics know the lines when they are first charged.
_FOUND = sql.SQL("""
SELECT wanted.row, line.id, line.enrollment_id, line.answer, line.policy_number, line.premium, agreed.number
FROM unnest(%(rows)s::int[], %(enrollments)s::bigint[], %(policies)s::text[], %(directions)s::text[])
    AS wanted(row, enrollment, policy, direction)
LEFT JOIN LATERAL (
    SELECT min(l.enrollment_id) AS enrollment_id
    FROM handover_handoverline l JOIN handover_handover h ON h.id = l.hand_over_id AND h.period_id = %(period)s
    WHERE wanted.enrollment IS NULL AND l.policy_number = wanted.policy AND l.policy_number <> '' AND l.direction = 'entry'
    HAVING count(DISTINCT l.enrollment_id) = 1) AS under ON true
CROSS JOIN LATERAL (
    SELECT l.id, l.enrollment_id, l.answer, l.policy_number, l.premium
    FROM handover_handoverline l JOIN handover_handover h ON h.id = l.hand_over_id AND h.period_id = %(period)s
    WHERE l.enrollment_id = coalesce(wanted.enrollment, under.enrollment_id) AND l.direction = wanted.direction AND l.stands
    LIMIT 1) AS line
LEFT JOIN LATERAL (
    SELECT '#' || i.id || ' ' || i.number AS number FROM handover_invoiceline a JOIN handover_invoice i ON i.id = a.invoice_id
    WHERE a.line_id = line.id LIMIT 1) AS agreed ON true
""").format()
_FOUND_SCHEMA: dict[str, Any] = {
    "row": pl.UInt32, "line_id": pl.Int64, "known_enrollment": pl.Int64, "answer": pl.String, "known_policy": pl.String,
    "premium": pl.Decimal(16, 2), "agreed": pl.String,
}
# One line charged twice, by cover number and by policy number: the first one counts.
_TWICE = """
WITH again AS (
    SELECT id, verdict, row_number() OVER (PARTITION BY line_id ORDER BY id) AS turn FROM handover_invoicerow
    WHERE invoice_id = %(invoice)s AND line_id IS NOT NULL AND verdict = ANY(%(standing)s)
)
UPDATE handover_invoicerow r SET verdict = %(refused)s, codes = r.codes || 'CHARGED_TWICE'::varchar,
    findings = coalesce(r.findings, '[]'::jsonb) || jsonb_build_array(jsonb_build_object('column', 'number', 'code',
        'CHARGED_TWICE', 'severity', %(severity)s::text, 'value_masked', '', 'extra', ''))
FROM again WHERE r.id = again.id AND again.turn > 1 RETURNING r.chunk, again.verdict
"""
_MISSING = """
SELECT count(*), coalesce(sum(l.premium), 0.00)
FROM handover_handoverline l JOIN handover_handover h ON h.id = l.hand_over_id
WHERE h.period_id = %(period)s AND l.direction = 'entry' AND l.answer = 'accepted' AND l.stands
    AND NOT EXISTS (SELECT FROM handover_invoiceline a WHERE a.line_id = l.id)
    AND NOT EXISTS (
        SELECT FROM handover_invoicerow r WHERE r.invoice_id = %(invoice)s AND r.line_id = l.id AND r.verdict = ANY(%(standing)s))
"""
_STANDING = [int(Verdict.NEW), int(Verdict.DOUBTFUL)]
#: Code -> the column that it is told of.
_TOLD_OF = {"POLICY_OTHER": "policy_number", "CHARGED_MORE": "amount", "CHARGED_LESS": "amount"}
_CODES = (
    "HANDED_NUMBER", "CHARGE_OF_WHOM", "UNKNOWN_CHARGE", "POLICY_OTHER", "NOT_ACCEPTED", "CHARGED_BEFORE", "CHARGED_MORE",
    "CHARGED_LESS",
)


@dataclass(frozen=True)
class InvoiceContext:
    """What one job needs to check and compare an invoice's rows."""

    invoice: Invoice
    checks: Context
    year: int

    @property
    def program_code(self) -> str:
        """The program whose data keys seal the lines as they came."""
        return self.invoice.program.code


class InvoiceTemplate(Template):
    """One line, the premium of one person's cover, charged or given back."""

    key = "invoice"
    title = _("Invoice of an insurer")
    import_model = Invoice
    row_model = InvoiceRow
    chunk_model = InvoiceChunk
    import_key = "invoice"
    columns: ClassVar[tuple[Column, ...]] = COLUMNS
    unique_by = ("number", "sign")
    staged = ("line_id", "enrollment_id", "amount", "due", "decision_id")
    purpose = "handover"

    def context(self, subject: Invoice, *, at: datetime) -> InvoiceContext:
        """The invoice with its period."""
        invoice = Invoice.objects.select_related("program", "period").get(pk=subject.pk)
        day = timezone.localdate(at)
        regions = pl.DataFrame(schema={"code": pl.String, "successor": pl.String})
        return InvoiceContext(invoice, Context(today=day, regions=regions), day.year)

    def check(self, frame: pl.DataFrame, context: InvoiceContext) -> Checked:
        """Cleaned cells, amounts with their sign; which cover a number names."""
        below = frame.select(pl.col("amount").str.contains(_BELOW).fill_null(value=False)).to_series()
        bare = pl.col("amount").str.replace(_BELOW, "").str.replace(r"\s*[)）]\s*$", "")
        plain = frame.with_columns(amount=pl.when(below).then(bare).otherwise("amount"))
        checked = checks.check(plain, self.columns, context.checks)
        number = pl.col("number").str.strip_chars().str.to_uppercase()
        digits = number.str.extract(r"^(?:.*-)?([0-9]{12,17})$").cast(pl.Int64, strict=False)
        prefix = number.str.extract(r"^(.*)-[0-9]{12,17}$")
        own = f"{context.invoice.program.code}-{context.invoice.period.code}".upper()
        reads = (digits % 97 == 1) & (prefix.is_null() | (prefix == own))
        found = checked.frame.with_columns(
            amount=pl.when(below).then(-pl.col("amount")).otherwise("amount"),
            enrollment_id=pl.when(reads.fill_null(value=False)).then(digits // 100),
        ).with_columns(sign=pl.when(pl.col("amount") > 0).then(pl.lit("+")).otherwise(pl.lit("-")))
        return Checked(found, checked.findings)

    def compare(self, checked: Checked, context: InvoiceContext) -> Compared:
        """Each line against what the hand-overs of the period say is due."""
        frame = checked.frame.join(_known(checked.frame, context), on="row", how="left", maintain_order="left")
        due = pl.when(pl.col("sign") == "+").then("premium").otherwise(-pl.col("premium"))
        frame = frame.with_columns(due=due, enrollment_id=pl.coalesce("enrollment_id", "known_enrollment"))
        frame = _judged(frame)
        findings = checked.findings
        for code in _CODES:
            rows = frame.select((pl.col("code") == code).fill_null(value=False)).to_series().arg_true()
            if rows.is_empty():
                continue
            column = _TOLD_OF.get(code, "number")
            values = frame[column].cast(pl.String).gather(rows)
            found = found_at(code, self.column(column), rows, values, frame["extra"].gather(rows))
            findings = pl.concat([findings, placed(found, frame)]).sort("row", maintain_order=True)
        weight = pl.col("code").replace_strict(SEVERITY_OF, default=None, return_dtype=pl.String)
        verdict = (
            pl.when(~_FINE | (weight == Severity.ERROR.value)).then(Verdict.REFUSED)
            .when(pl.col("code") == "CHARGED_BEFORE").then(Verdict.COVERED)
            .when(weight == Severity.DOUBT.value).then(Verdict.DOUBTFUL).otherwise(Verdict.NEW)
        )  # fmt: skip
        undecided = pl.lit(None, dtype=pl.Int64)
        return Compared(frame.with_columns(verdict=verdict.cast(pl.UInt8), decision_id=undecided), {}, findings)

    def decide_again(self, subject: Invoice, *, at: datetime) -> dict[str, int]:
        """Lines that charge the same premium once more show when all are read: the first one counts."""
        refuse_repeated(subject, self)
        return {}

    def unusual(self, subject: Invoice) -> list[Any]:
        """What was charged before says so line by line."""
        return []

    def reason_to_close(self, subject: Invoice, *, at: datetime) -> FileFinding | None:
        """Another count or sum than the insurer says refuses the whole: nobody could say which line is wrong."""
        rows = self.rows_of(subject).exclude(verdict=Verdict.REPLACED)
        unread = list(rows.filter(amount=None).order_by("pk").values_list("line", flat=True)[:5])
        if unread:
            return FileFinding("AMOUNT_UNREAD", "、".join(map(str, unread)))
        found = rows.aggregate(lines=Count("pk"), amount=Sum("amount", default=ZERO))
        if (found["lines"], found["amount"]) == (subject.control_lines, subject.control_amount):
            return None
        return FileFinding(
            "CONTROL_SUM", f"{found['lines']} / {found['amount']} ≠ {subject.control_lines} / {subject.control_amount}"
        )

    def preview_money(self, subject: Invoice, context: InvoiceContext) -> dict[str, Any]:
        """{"equal": [lines, charged, due], ... "more", "less", "before", "others", "missing": [lines, due]}; yuan as text.

        "decided", where anything was: by kind of decision the same three, and "ours", "dearer": see `agreeing`.
        """
        return review_of(subject)

    def does_something(self, subject: Invoice) -> bool:
        """Whether a line is to be agreed, or something to be said to the insurer."""
        decided = subject.money.get("decided", {})
        return bool(agreeing(subject) or any(decided[kind][0] for kind in _ANSWERS if kind in decided))

    def reserve(self, subject: Invoice, *, by: Any, at: datetime) -> None:
        """Nothing is held; whoever decided about differences does not approve it."""
        if InvoiceDecision.objects.filter(invoice=subject, decided_by=by).exists():
            raise HandOverRefused("OWN_DECISIONS")

    def release(self, subject: Invoice, *, at: datetime) -> None:
        """What was agreed of the whole, by divisions of premium."""
        fault_point("handover.end_invoice.before")
        agreed = premium.agreed_of(subject)
        subject.shares, subject.agreed_lines = agreed.shares, agreed.lines
        subject.bearers = [[funder, str(amount)] for funder, amount in agreed.differences]
        subject.difference = sum((amount for _funder, amount in agreed.differences), ZERO)
        subject.agreed_amount = agreed.amount
        subject.save(update_fields=["shares", "agreed_lines", "agreed_amount", "difference", "bearers"])
        fault_point("handover.end_invoice.after")

    def apply_chunk(self, subject: Invoice, chunk: Chunk, *, context: InvoiceContext, at: datetime) -> Applied:
        """What is equal, and what our amount is paid for, is agreed; what another invoice has agreed meanwhile is set aside."""
        return premium.agree_lines(subject, chunk.number)

    def undo_chunk(self, subject: Invoice, chunk: Chunk, *, context: InvoiceContext, at: datetime) -> Undone:
        """What was agreed stands."""
        raise HandOverRefused("INVOICE_STANDS")

    def kept_in_words(self, code: str) -> str:
        """Nothing is ever kept by an undo."""
        return code

    def terms_of(self, subject: Invoice) -> Sequence[str]:
        """The invoice as it says itself, and what was decided about it."""
        return (
            f"period {subject.period_id}", f"insurer {subject.insurer_id}", f"number {subject.number}", f"day {subject.issued_on}",
            f"control {subject.control_lines} {subject.control_amount}", f"pays ours {subject.pays_ours}",
            f"code {subject.code}", f"tax {subject.tax}", f"takes back {subject.reverses_id}",
            f"of {subject.covers} {subject.sides} {subject.hand_over_id} {subject.month}",
            *(
                f"decision {pk} {kind} {reason} {chosen}"
                for pk, kind, reason, chosen in InvoiceDecision.objects.filter(invoice=subject).order_by("pk")
                .values_list("pk", "kind", "reason", "chosen")
            ),
        )

    def same_terms(self, subject: Invoice) -> models.QuerySet:
        """Invoices of the same period."""
        return Invoice.objects.filter(period=subject.period_id)

    def program_id_of(self, subject: Invoice) -> int:
        """The program."""
        return int(subject.program_id)


INVOICE = InvoiceTemplate()
#: What is said to the insurer about a line.
_ANSWERS = (DecisionKind.ACCEPT.value, DecisionKind.INSIST.value, DecisionKind.ASK.value)


def agreeing(invoice: Invoice) -> int:
    """Lines that an approval agrees to: equal ones, accepted ones, and where more is charged those that ours is paid for."""
    decided = invoice.money.get("decided", {})
    dearer = invoice.money["more"][0] - decided.get("dearer", 0) if invoice.pays_ours else 0
    accepted = decided.get(DecisionKind.ACCEPT, [0])[0]
    return int(invoice.verdict_count(Verdict.NEW) + accepted + decided.get("ours", 0) + dearer)


def _known(frame: pl.DataFrame, context: InvoiceContext) -> pl.DataFrame:
    """The lines of the period's hand-overs that the rows name: one query a chunk."""
    rows = frame.filter(_FINE & (pl.col("enrollment_id").is_not_null() | pl.col("policy_number").is_not_null()))
    found = ask(
        _FOUND,
        {
            "rows": rows["row"].to_list(), "enrollments": rows["enrollment_id"].to_list(), "period": context.invoice.period_id,
            "policies": rows["policy_number"].to_list(),
            "directions": rows.select(pl.when(pl.col("sign") == "+").then(pl.lit("entry")).otherwise(pl.lit("leave")))
            .to_series().to_list(),
        },
    ) if len(rows) else []
    return pl.DataFrame(found, schema=_FOUND_SCHEMA, orient="row")


def _judged(frame: pl.DataFrame) -> pl.DataFrame:
    """`code` of what keeps a usable row from being agreed, null where it is equal; `extra`: the fact that it tells."""
    difference = pl.col("amount") - pl.col("due")
    code = (
        pl.when(~_FINE).then(None)
        .when(pl.col("number").is_not_null() & pl.col("enrollment_id").is_null()).then(pl.lit("HANDED_NUMBER"))
        .when(pl.col("number").is_null() & pl.col("policy_number").is_null()).then(pl.lit("CHARGE_OF_WHOM"))
        .when(pl.col("line_id").is_null()).then(pl.lit("UNKNOWN_CHARGE"))
        .when((pl.col("known_policy") != "") & (pl.col("policy_number") != pl.col("known_policy"))).then(pl.lit("POLICY_OTHER"))
        .when(pl.col("answer") != "accepted").then(pl.lit("NOT_ACCEPTED"))
        .when(pl.col("agreed").is_not_null()).then(pl.lit("CHARGED_BEFORE"))
        .when(difference > 0).then(pl.lit("CHARGED_MORE"))
        .when(difference < 0).then(pl.lit("CHARGED_LESS"))
    )  # fmt: skip
    frame = frame.with_columns(code=code)
    sign = pl.when(difference > 0).then(pl.lit("+")).otherwise(pl.lit(""))
    extra = (
        pl.when(pl.col("code") == "CHARGED_BEFORE").then("agreed")
        .when(pl.col("code").is_in(["CHARGED_MORE", "CHARGED_LESS"]))
        .then(pl.col("due").cast(pl.String) + pl.lit(", ") + sign + difference.cast(pl.String))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    return frame.with_columns(extra=extra.fill_null(""))


def refuse_repeated(invoice: Invoice, template: InvoiceTemplate) -> None:
    """Refuse what charges the premium of one line again, each chunk with its counts and digest; in the caller's transaction."""
    fault_point("handover.charged_twice.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(
            _TWICE,
            {
                "invoice": invoice.pk, "standing": _STANDING, "refused": int(Verdict.REFUSED),
                "severity": SEVERITY_OF["CHARGED_TWICE"],
            },
        )
        wrong = Counter(cursor.fetchall())
    for number in sorted({chunk for chunk, _verdict in wrong}):
        chunk = template.chunks_of(invoice).get(number=number)
        verdicts, codes = Counter(chunk.counts["verdicts"]), Counter(chunk.counts["codes"])
        for (each, verdict), rows in wrong.items():
            if each == number:
                verdicts.update({str(verdict): -rows, str(int(Verdict.REFUSED)): rows})
                codes["CHARGED_TWICE"] += rows
        chunk.counts = {**chunk.counts, "verdicts": dict(sorted((+verdicts).items())), "codes": dict(sorted(codes.items()))}
        chunk.digest = chunk_digest(template, invoice.pk, number)
        chunk.save(update_fields=["counts", "digest"])
    fault_point("handover.charged_twice.after")


def review_of(invoice: Invoice) -> dict[str, Any]:
    """What the comparison found, in lines and yuan."""
    rows = InvoiceRow.objects.filter(invoice=invoice).exclude(verdict=Verdict.REPLACED).order_by()
    found = {name: [0, ZERO, ZERO] for name in ("equal", "more", "less", "before", "others")}
    decided: dict[str, Any] = {}
    more = models.Case(models.When(codes__contains=["CHARGED_MORE"], then=True), default=False)
    for verdict, kind, is_more, lines, charged, due in rows.values_list("verdict", "decision__kind").annotate(
        more=more, lines=Count("pk"), charged=Sum("amount", default=ZERO), ours=Sum("due", default=ZERO)
    ):
        name = {Verdict.NEW: "equal", Verdict.DOUBTFUL: "more" if is_more else "less", Verdict.COVERED: "before"}.get(
            Verdict(verdict), "others"
        )
        kept = found[name]
        found[name] = [kept[0] + lines, kept[1] + charged, kept[2] + due]
        if kind is not None:
            sums = decided.get(kind, [0, ZERO, ZERO])
            decided[kind] = [sums[0] + lines, sums[1] + charged, sums[2] + due]
            if is_more:
                decided["dearer"] = decided.get("dearer", 0) + lines
                decided["ours"] = decided.get("ours", 0) + (lines if kind == DecisionKind.INSIST else 0)
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(_MISSING, {"period": invoice.period_id, "invoice": invoice.pk, "standing": _STANDING})
        missing, due = cursor.fetchone()

    def told(sums: Any) -> Any:
        return [sums[0], str(sums[1]), str(sums[2])] if isinstance(sums, list) else sums

    return {
        **{name: told(sums) for name, sums in found.items()}, "missing": [missing, str(due)],
        **({"decided": {name: told(sums) for name, sums in decided.items()}} if decided else {}),
    }
