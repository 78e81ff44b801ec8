"""A channel's statement of refunds: what it gave back, line by line, to what was to go back and by the way it had come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import polars as pl
from django.db import connection
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit.faults import fault_point
from audit.history import plan_anew
from gates.actions.clearings import end_returned
from gates.bills import bill_id_of
from gates.bought import another_way
from gates.clearing import take_turns
from gates.columns import REFUND_COLUMNS
from gates.matching import STATEMENT, StatementContext, StatementTemplate, found_in, repeated, with_numbers
from gates.models import Channel, Clearing, Statement
from intake.checks import Checked
from intake.columns import Column
from intake.copying import ask
from intake.findings import SEVERITY_OF, Severity, Verdict
from intake.framing import Cells
from intake.models import Chunk
from intake.template import Applied, Compared

_REFUSED = Severity.ERROR.weight
_AGREES, _REPLACED = int(Verdict.NEW), int(Verdict.REPLACED)
#: Column -> what a row that agrees is said to be: held money on a list, all covers given back of a purchase or of an
#: employer's bill, one cover.
_TARGETS = ("refund_line_id", "purchase_id", "bill_id", "enrollment_id")
_TOLD_OF = {"REFUND_AMOUNT": "amount", "DATE_FUTURE": "paid_on"}
# SQL: a cover `e` whose own share goes back whole, and no channel has shown it yet.
_OWED = """e.own_paid_at IS NOT NULL AND e.own_share > 0 AND (e.state = 'voided' OR (e.state = 'ended' AND e.ends_at = e.starts_at))
    AND NOT EXISTS (SELECT FROM gates_refund shown WHERE shown.enrollment_id = e.id)"""
# By the number on our list, by the serial number of the payment that goes back, or by a cover that was given back.
_FOUND = f"""
SELECT wanted.row, back.id, bought.id, billed.id, cover.id, coalesce(back.amount, owed.amount, of_bill.amount),
    back.id IS NOT NULL OR bought.id IS NOT NULL OR billed.id IS NOT NULL OR cover.id IS NOT NULL, coalesce(back.shown, false),
    coalesce(back.channel, arrived.channel, transferred.channel, shared.channel, ''), coalesce(payer.way, '')
FROM unnest(%(rows)s::int[], %(clearings)s::bigint[], %(numbers)s::int[], %(origins)s::text[], %(covers)s::bigint[],
    %(bills)s::bigint[]) AS wanted(row, clearing, number, origin, cover, bill)
LEFT JOIN LATERAL (
    SELECT line.id, line.enrollment_id FROM gates_statementrow line JOIN gates_statement s ON s.id = line.statement_id
    WHERE line.serial = wanted.origin AND s.period_id = %(period)s AND s.organization_id = ANY(%(offices)s)
        AND s.direction = 'in' AND s.state = 'applied' AND line.verdict <> {_REPLACED}
    ORDER BY line.id DESC LIMIT 1
) AS came ON true
LEFT JOIN LATERAL (
    SELECT l.id, l.amount, EXISTS (
        SELECT FROM gates_statementrow r JOIN gates_statement s ON s.id = r.statement_id AND s.state IN ('applying', 'applied')
        WHERE r.refund_line_id = l.id AND r.verdict = {_AGREES} AND r.set_aside = '' AND s.id <> %(statement)s
    ) AS shown, (
        SELECT s.channel FROM gates_heldpayment h JOIN gates_statementrow r ON r.id = h.row_id
        JOIN gates_statement s ON s.id = r.statement_id WHERE h.id = l.held_id
    ) AS channel
    FROM gates_clearingline l JOIN gates_clearing g ON g.id = l.clearing_id AND g.kind = 'return'
        AND g.state IN ('approved', 'done') AND g.period_id = %(period)s AND g.organization_id = ANY(%(offices)s)
    WHERE l.outcome <> 'left' AND (
        (l.clearing_id = wanted.clearing AND l.number = wanted.number)
        OR l.held_id = (SELECT id FROM gates_heldpayment WHERE row_id = came.id))
    ORDER BY l.outcome, l.id DESC LIMIT 1
) AS back ON true
LEFT JOIN LATERAL (
    SELECT p.id FROM beneficiaries_purchase p
    WHERE back.id IS NULL AND wanted.cover IS NULL AND p.program_id = %(program)s AND p.period_id = %(period)s
        AND p.organization_id = ANY(%(offices)s) AND starts_with(p.region_code, %(region)s)
        AND (p.id = (SELECT purchase_id FROM gates_arrival WHERE row_id = came.id AND reversed_by_id IS NULL)
            OR (p.payment_reference = wanted.origin AND p.payment_reference <> ''))
    ORDER BY p.id LIMIT 1
) AS bought ON true
LEFT JOIN LATERAL (
    SELECT b.id, b.roster_id FROM gates_employerbill b
    WHERE back.id IS NULL AND bought.id IS NULL AND wanted.cover IS NULL AND b.program_id = %(program)s
        AND b.period_id = %(period)s AND b.organization_id = ANY(%(offices)s) AND starts_with(b.region_code, %(region)s)
        AND b.id = coalesce(wanted.bill, (
            SELECT p.bill_id FROM gates_billpayment p
            WHERE p.state = 'confirmed' AND (p.row_id = came.id OR (wanted.origin <> '' AND p.reference = wanted.origin))
            ORDER BY p.id DESC LIMIT 1))
    LIMIT 1
) AS billed ON true
LEFT JOIN LATERAL (
    SELECT e.id, e.purchase_id FROM beneficiaries_enrollment e
    WHERE back.id IS NULL AND bought.id IS NULL AND billed.id IS NULL AND e.period_id = %(period)s
        AND e.organization_id = ANY(%(offices)s) AND starts_with(e.region_code, %(region)s) AND e.id = coalesce(wanted.cover, (
            SELECT enrollment_id FROM gates_ownpaymentline
            WHERE enrollment_id = came.enrollment_id AND row_id = came.id AND reversed_by_id IS NULL))
    LIMIT 1
) AS cover ON true
LEFT JOIN LATERAL (
    SELECT sum(e.own_share) AS amount FROM beneficiaries_enrollment e
    WHERE (e.purchase_id = bought.id OR e.id = cover.id) AND {_OWED}
) AS owed ON true
LEFT JOIN LATERAL (
    SELECT sum(e.own_share) AS amount FROM beneficiaries_enrollment e
    WHERE billed.id IS NOT NULL AND e.period_id = %(period)s AND e.roster_id = billed.roster_id AND {_OWED}
) AS of_bill ON true
LEFT JOIN gates_arrival a ON a.purchase_id = coalesce(bought.id, cover.purchase_id) AND a.reversed_by_id IS NULL
LEFT JOIN gates_statement arrived ON arrived.id = a.statement_id
LEFT JOIN beneficiaries_purchasepayer payer ON payer.purchase_id = coalesce(bought.id, cover.purchase_id)
LEFT JOIN LATERAL (
    SELECT CASE WHEN min(s.channel) = max(s.channel) THEN min(s.channel) END AS channel
    FROM gates_billpayment p JOIN gates_statementrow r ON r.id = p.row_id JOIN gates_statement s ON s.id = r.statement_id
    WHERE p.bill_id = billed.id AND p.state = 'confirmed' AND (came.id IS NULL OR r.id = came.id)
) AS transferred ON true
LEFT JOIN LATERAL (
    SELECT s.channel FROM gates_ownpaymentline l JOIN gates_statementrow r ON r.id = l.row_id
    JOIN gates_statement s ON s.id = r.statement_id
    WHERE l.enrollment_id = cover.id AND l.reversed_by_id IS NULL LIMIT 1
) AS shared ON true
"""  # noqa: S608 - words of this module
_SCHEMA: dict[str, Any] = {
    "row": pl.UInt32, "refund_line_id": pl.Int64, "purchase_id": pl.Int64, "bill_id": pl.Int64, "enrollment_id": pl.Int64,
    "due": pl.Decimal(16, 2), "ours": pl.Boolean, "shown": pl.Boolean, "came_by": pl.String, "way": pl.String,
}
_WORK = f"""
CREATE TEMPORARY TABLE refund_work ON COMMIT DROP AS
SELECT r.id AS row_id, r.refund_line_id, r.purchase_id, r.bill_id, r.enrollment_id, r.amount, r.paid_on,
    coalesce(r.serial, %(reference)s) AS serial, l.clearing_id, l.held_id, l.outcome, b.roster_id, b.period_id
FROM gates_statementrow r LEFT JOIN gates_employerbill b ON b.id = r.bill_id
LEFT JOIN gates_clearingline l ON l.id = r.refund_line_id
WHERE r.statement_id = %(statement)s AND r.chunk = %(chunk)s AND r.verdict = {_AGREES} AND r.set_aside = ''
"""  # noqa: S608 - words of this module
# What another statement has shown meanwhile, or is no more to go back.
_DRIFTED = f"""
UPDATE gates_statementrow r SET set_aside = 'CHANGED_SINCE_REVIEW' FROM refund_work w
WHERE r.id = w.row_id AND CASE WHEN w.refund_line_id IS NOT NULL
    THEN w.outcome IS NOT DISTINCT FROM 'left' OR w.outcome IS NULL OR EXISTS (
        SELECT FROM gates_statementrow o JOIN gates_statementchunk c ON c.statement_id = o.statement_id AND c.number = o.chunk
        WHERE o.refund_line_id = w.refund_line_id AND o.id <> w.row_id AND o.verdict = {_AGREES} AND o.set_aside = ''
            AND c.applied_at IS NOT NULL)
    ELSE w.amount IS DISTINCT FROM (
        SELECT sum(e.own_share) FROM beneficiaries_enrollment e WHERE w.bill_id IS NULL
            AND (e.purchase_id = w.purchase_id OR (w.purchase_id IS NULL AND e.id = w.enrollment_id)) AND {_OWED})
        AND w.amount IS DISTINCT FROM (
            SELECT sum(e.own_share) FROM beneficiaries_enrollment e
            WHERE w.bill_id IS NOT NULL AND e.period_id = w.period_id AND e.roster_id = w.roster_id AND {_OWED})
    END AND (w.refund_line_id IS NULL AND w.purchase_id IS NULL AND w.bill_id IS NULL) = %(single)s
"""  # noqa: S608 - words of this module
_SHOWN = f"""
INSERT INTO gates_refund (statement_id, row_id, enrollment_id, amount)
SELECT %(statement)s, w.row_id, e.id, e.own_share FROM refund_work w
JOIN gates_statementrow r ON r.id = w.row_id AND r.set_aside = ''
JOIN beneficiaries_enrollment e ON e.purchase_id = w.purchase_id OR (w.purchase_id IS NULL AND e.id = w.enrollment_id)
WHERE w.refund_line_id IS NULL AND w.bill_id IS NULL AND (w.purchase_id IS NULL) = %(single)s AND {_OWED} ORDER BY e.id
"""  # noqa: S608 - words of this module
# What an employer had paid for those of its bill that were given back.
_SHOWN_OF_BILLS = f"""
INSERT INTO gates_refund (statement_id, row_id, enrollment_id, amount)
SELECT %(statement)s, w.row_id, e.id, e.own_share FROM refund_work w
JOIN gates_statementrow r ON r.id = w.row_id AND r.set_aside = ''
JOIN beneficiaries_enrollment e ON e.period_id = w.period_id AND e.roster_id = w.roster_id
WHERE w.bill_id IS NOT NULL AND {_OWED} ORDER BY e.id
"""  # noqa: S608 - words of this module
_DONE = """
UPDATE gates_clearingline l SET outcome = 'done', reference = w.serial, settled_on = w.paid_on FROM refund_work w
JOIN gates_statementrow r ON r.id = w.row_id AND r.set_aside = '' WHERE l.id = w.refund_line_id AND l.outcome = ''
RETURNING l.clearing_id, l.id
"""


class RefundTemplate(StatementTemplate):
    """One line, one refund: of held money on a list, of a purchase's covers that were given back, or of one cover."""

    title = _("Statement of refunds")
    columns: ClassVar[tuple[Column, ...]] = REFUND_COLUMNS
    staged: ClassVar[tuple[str, ...]] = (*StatementTemplate.staged, "refund_line_id", "purchase_id")
    staged_beside: ClassVar[tuple[str, ...]] = ()

    def compare(self, checked: Checked, context: StatementContext) -> Compared:
        """What each line gave back, or why it is none of what was to go back."""
        frame = with_numbers(checked.frame, context)
        label = pl.col("label").str.to_uppercase()
        pattern = r"^T([0-9]{1,12})-([0-9]{1,9})$"
        frame = frame.with_columns(
            bill=pl.Series(list(map(_bill_of, frame.select("label", "origin").iter_rows())), dtype=pl.Int64),
            clearing=label.str.extract(pattern, 1).cast(pl.Int64), place=label.str.extract(pattern, 2).cast(pl.Int32),
        )
        frame = frame.join(_known(frame, context), on="row", how="left", maintain_order="left")
        usable = pl.col("worst") < _REFUSED
        difference = pl.col("amount") - pl.col("due")
        code = (
            pl.when(~usable).then(None)
            .when(~pl.col("ours").fill_null(value=False)).then(pl.lit("REFUND_UNKNOWN"))
            .when(pl.col("shown")).then(pl.lit("REFUND_KNOWN"))
            .when(pl.col("paid_on") > context.checks.today).then(pl.lit("DATE_FUTURE"))
            .when(pl.col("due").is_null()).then(pl.lit("NOT_GIVEN_BACK"))
            .when(difference != 0).then(pl.lit("REFUND_AMOUNT"))
            .when(_another_way(context.statement.channel)).then(pl.lit("REFUND_WAY"))
        )  # fmt: skip
        frame = frame.with_columns(
            code=code, extra=pl.when(code == "REFUND_AMOUNT").then(pl.col("due").cast(pl.String)).otherwise(pl.lit("")),
        )
        frame = repeated(frame, context, code="REFUND_REPEATED")
        findings = checked.findings
        for each in frame["code"].drop_nulls().unique().sort():
            rows = frame.select((pl.col("code") == each).fill_null(value=False)).to_series().arg_true()
            findings = found_in(findings, frame, each, self.column(_TOLD_OF.get(each, "origin")), rows)
        wrong = pl.col("code").replace_strict(SEVERITY_OF, default=None, return_dtype=pl.String) == Severity.ERROR.value
        verdict = (
            pl.when((pl.col("worst") >= _REFUSED) | wrong.fill_null(value=False)).then(Verdict.REFUSED)
            .when(pl.col("worst") == Severity.DOUBT.weight).then(Verdict.DOUBTFUL).otherwise(Verdict.NEW)
        )  # fmt: skip
        fits = pl.col("code").is_null() & usable
        frame = frame.with_columns(
            verdict=verdict.cast(pl.UInt8), number=pl.when(pl.col("cover_id").is_not_null()).then("number"),
            **{name: pl.when(fits).then(name) for name in _TARGETS},
        )
        empty: list[bytes | None] = [None] * len(frame)
        sealed: dict[str, Cells] = {"name": empty, "document": empty}
        billed = frame["bill_id"].to_list()
        if any(billed):
            sealed["bill_id"] = [None if number is None else number.to_bytes(8, "big") for number in billed]
        return Compared(frame, sealed, findings)

    def reserve(self, subject: Statement, *, by: Any, at: datetime) -> None:
        """Nothing is held: the money has left already."""

    def release(self, subject: Statement, *, at: datetime) -> None:
        """Nothing was held."""

    def apply_chunk(self, subject: Statement, chunk: Chunk, *, context: StatementContext, at: datetime) -> Applied:
        """Lines of lists are given back and booked; of covers given back it is kept that the channel has done it."""
        facts: dict[str, Any] = {"statement": subject.pk, "chunk": chunk.number, "reference": subject.reference}
        take_turns(subject.period_id)
        fault_point("gates.take_refunds.before")
        with connection.cursor() as cursor:
            cursor.execute(_WORK, facts)
            plan_anew(cursor)
            set_aside = 0
            # A family's line first: a line of one of its covers then finds it shown.
            for single in (False, True):
                cursor.execute(_DRIFTED, {**facts, "single": single})
                set_aside += cursor.rowcount
                cursor.execute(_SHOWN, {**facts, "single": single})
                if not single:
                    cursor.execute(_SHOWN_OF_BILLS, facts)
            cursor.execute(_DONE)
            done: dict[int, list[int]] = {}
            for clearing, line in cursor.fetchall():
                done.setdefault(clearing, []).append(line)
            cursor.execute("SELECT count(*) FROM refund_work")
            (rows,) = cursor.fetchone()
            cursor.execute("DROP TABLE refund_work")
        for clearing in Clearing.objects.filter(pk__in=sorted(done)).select_related("organization").order_by("pk"):
            end_returned(clearing, done[clearing.pk], reference=subject.reference, at=at)
        fault_point("gates.take_refunds.after")
        return Applied(rows - set_aside, set_aside)

    def terms_of(self, subject: Statement) -> Sequence[str]:
        """As a statement of payments, and that it is of refunds."""
        return (*super().terms_of(subject), "refunds")


REFUNDS = RefundTemplate()
#: What has no route of its own: taken in cash, it goes back as it can, but never into a medical account.
_CASH = (Channel.VILLAGE, Channel.OTHER)


def _another_way(channel: str) -> pl.Expr:
    """Whether the money came by another channel than the one that gives it back, or by another way where none has shown it."""
    into_account = channel == Channel.ACCOUNT
    came, cash = pl.col("came_by"), pl.col("came_by").is_in([each.value for each in _CASH])
    return (
        pl.when(came == "").then(another_way(channel))
        .when(cash).then(pl.lit(value=into_account)).otherwise(came != channel)
    )  # fmt: skip


def template_of(statement: Statement) -> StatementTemplate:
    """How the lines of a statement are read: payments, or refunds."""
    return REFUNDS if statement.direction == Statement.Direction.OUT else STATEMENT


def _bill_of(cells: tuple[str | None, str | None]) -> int | None:
    """The bill whose number stands where our own number or the payment's does."""
    return next((bill for cell in cells if cell and (bill := bill_id_of(cell)) is not None), None)


def _known(frame: pl.DataFrame, context: StatementContext) -> pl.DataFrame:
    """What usable rows name, within the statement's offices and period: one question a chunk."""
    rows = frame.filter(
        (pl.col("worst") < _REFUSED)
        & (
            pl.col("clearing").is_not_null() | pl.col("origin").is_not_null() | pl.col("cover_id").is_not_null()
            | pl.col("bill").is_not_null()
        )
    )
    of = context.statement
    found = ask(
        sql.Composed([sql.SQL(_FOUND)]),
        {
            "rows": rows["row"].to_list(), "clearings": rows["clearing"].to_list(), "numbers": rows["place"].to_list(),
            "origins": rows["origin"].to_list(), "covers": rows["cover_id"].to_list(), "bills": rows["bill"].to_list(),
            "program": of.program_id, "period": of.period_id, "offices": context.offices, "region": of.region_code,
            "statement": of.pk,
        },
    ) if len(rows) else []
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")
