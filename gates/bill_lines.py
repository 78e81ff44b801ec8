"""Lines of a channel's statement that name an employer's bill: found by its number, judged, and what an approval makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
from django.db.models import Count, Sum
from django.utils import timezone
from psycopg import sql

from audit import events
from audit.faults import fault_point
from beneficiaries.models import Enrollment, Roster
from beneficiaries.models.enrollment import EnrollmentState
from gates.actions.payments import PAYER, named_so, pay_whole
from gates.bills import bill_id_of, owed_of
from gates.models import BillPayment, EmployerBill, OwnPayment, Statement, StatementRow
from intake.copying import ask
from intake.findings import Verdict

#: Cells in which a bank writes what the payer wrote.
_CELLS = ("application", "remark", "number", "serial")
_AGREES = Verdict.UNCHANGED
#: What is due of a bill `b` now; the one payment recorded by hand that no statement has shown; the one that a statement has.
_FOUND = """
SELECT wanted.row, b.id, coalesce(hand.amount, owed.amount, 0.00), hand.id IS NOT NULL, coalesce(owed.early, 0) > 0,
    coalesce(shown.said, ''), EXISTS (SELECT FROM beneficiaries_enrollment e WHERE e.roster_id = b.roster_id AND e.state = 'lapsed')
FROM unnest(%(rows)s::int[], %(bills)s::bigint[]) AS wanted(row, bill)
JOIN gates_employerbill b ON b.id = wanted.bill AND b.program_id = %(program)s AND b.period_id = %(period)s
    AND b.organization_id = ANY(%(offices)s) AND starts_with(b.region_code, %(region)s)
JOIN beneficiaries_roster roster ON roster.id = b.roster_id JOIN programs_plan plan ON plan.id = roster.plan_id
LEFT JOIN LATERAL (
    SELECT sum(e.own_share) AS amount, count(*) FILTER (WHERE e.notice_passed_at IS NULL AND plan.requires_notice) AS early
    FROM beneficiaries_enrollment e
    WHERE e.period_id = b.period_id AND e.roster_id = b.roster_id AND e.state = 'awaiting' AND e.own_paid_at IS NULL
        AND e.own_share > 0 AND NOT EXISTS (
            SELECT FROM gates_ownpaymentline l WHERE l.enrollment_id = e.id AND l.reversed_by_id IS NULL)
) AS owed ON roster.state IN ('applied', 'undo_asked')
LEFT JOIN LATERAL (
    SELECT p.id, p.amount FROM gates_billpayment p JOIN gates_ownpayment own ON own.id = p.payment_id AND own.state <> 'reversed'
    WHERE p.bill_id = b.id AND p.state = 'confirmed' AND p.row_id IS NULL ORDER BY p.id LIMIT 1
) AS hand ON true
LEFT JOIN LATERAL (
    SELECT '#' || s.id || ' ' || s.reference AS said FROM gates_billpayment p JOIN gates_statement s ON s.id = p.statement_id
    WHERE p.bill_id = b.id ORDER BY p.id DESC LIMIT 1
) AS shown ON true
"""
_SCHEMA: dict[str, Any] = {
    "row": pl.UInt32, "bill_id": pl.Int64, "bill_due": pl.Decimal(16, 2), "by_hand": pl.Boolean, "bill_early": pl.Boolean,
    "bill_shown": pl.String, "bill_lapsed": pl.Boolean,
}


def of_bills(rows: pl.DataFrame, *, statement: Statement, offices: Sequence[int]) -> pl.DataFrame:
    """Whose bill rows name, within the statement's offices and period; asked only where a cell holds such a number."""
    text = pl.concat_str(*(pl.col(name).fill_null("") for name in _CELLS), separator="\n").str.to_uppercase()
    likely = rows.with_columns(text=text).filter(pl.col("text").str.contains(r"Q[\s]*[0-9]"))
    wanted = [
        (row, bill) for row, cells in likely.select("row", "text").iter_rows()
        if (bill := next(filter(None, map(bill_id_of, cells.split("\n"))), None)) is not None
    ]
    found = ask(
        sql.Composed([sql.SQL(_FOUND)]),
        {
            "rows": [row for row, _bill in wanted], "bills": [bill for _row, bill in wanted], "program": statement.program_id,
            "period": statement.period_id, "offices": list(offices), "region": statement.region_code,
        },
    ) if wanted else []
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


def why_not(*, period: Any, today: Any) -> pl.Expr:
    """The code of what keeps a row's money from paying the bill that it names, or from being its payment; null where it is."""
    new, due = ~pl.col("by_hand"), pl.col("bill_due")
    return (
        pl.when(pl.col("reported").is_not_null()).then(pl.lit("LINE_KNOWN"))
        .when(new & (due == 0) & (pl.col("bill_shown") != "")).then(pl.lit("PAID_TWICE"))
        .when(new & (due == 0) & pl.col("bill_lapsed")).then(pl.lit("COVER_LAPSED"))
        .when(new & (due == 0)).then(pl.lit("COVER_ENDED"))
        .when(new & pl.col("bill_early")).then(pl.lit("NOTICE_FIRST"))
        .when(pl.col("paid_on") > today).then(pl.lit("DATE_FUTURE"))
        .when(new & (pl.col("paid_on") < period.enrollment_opens_on)).then(pl.lit("PAID_EARLY"))
        .when(new & (pl.col("paid_on") >= period.enrollment_closes_on)).then(pl.lit("PAID_LATE"))
        .when(pl.col("amount") != due).then(pl.lit("AMOUNT_DIFFERS"))
    )  # fmt: skip


def lock_rosters_of(statement: Statement, chunk: int, covers: Any) -> None:
    """The rosters of lines that pay bills and of `covers`, locked together in the order of their ids."""
    billed = _rows_of(statement, chunk).values_list("bill__roster", flat=True)
    if billed:
        others = covers.exclude(roster=None).order_by("roster").values_list("roster", flat=True).distinct()
        found = Roster.objects.select_for_update(of=("self",)).filter(pk__in={*billed, *others})
        list(found.order_by("pk").values_list("pk"))


def take_in_bills(statement: Statement, chunk: int, *, at: datetime) -> tuple[int, int]:
    """Lines of a chunk that name bills, in the caller's transaction and turn: (how many paid one, how many were set aside).

    Judged once more: a payment that two people had recorded is shown to have arrived, an open bill is paid whole; money of
    all others is held.
    """
    paid = set_aside = 0
    for row in _rows_of(statement, chunk).select_related("bill__organization", "bill__period__plan", "bill__roster"):
        fault_point("gates.take_in_bill.before")
        drift = _place(statement, row, at=at)
        if drift:
            row.set_aside = drift
            row.save(update_fields=["set_aside"])
            set_aside += 1
        else:
            paid += 1
        fault_point("gates.take_in_bill.after")
    return paid, set_aside


def shown_by(statement: Statement) -> dict[str, Any]:
    """Lines and yuan of a statement that are payments of bills."""
    found = BillPayment.objects.filter(statement=statement)
    return found.aggregate(lines=Count("pk"), amount=Sum("amount", default=Decimal("0.00")))


def _rows_of(statement: Statement, chunk: int) -> Any:
    rows = StatementRow.objects.filter(statement=statement, chunk=chunk, verdict=_AGREES, set_aside="", bill__isnull=False)
    return rows.order_by("pk")


def _place(statement: Statement, row: StatementRow, *, at: datetime) -> str:
    """Make one line real; the code of what keeps it from it by now, "" for nothing."""
    bill: Any = row.bill
    assert row.amount is not None and row.paid_on is not None and statement.decided_by is not None
    standing = BillPayment.objects.filter(bill=bill, state=BillPayment.State.CONFIRMED).exclude(
        payment__state=OwnPayment.State.REVERSED
    )
    by_hand = standing.filter(row=None).order_by("pk").first()
    if by_hand is not None:
        if by_hand.amount != row.amount:
            return "AMOUNT_DIFFERS"
        fault_point("gates.bill_arrives.before")
        by_hand.statement, by_hand.row = statement, row
        by_hand.save(update_fields=["statement", "row"])
        _record("bill.arrived", bill, at=at, amount=str(row.amount), reference=by_hand.reference)
        fault_point("gates.bill_arrives.after")
        return ""
    owed = owed_of(bill)
    if not owed.people:
        lapsed = Enrollment.objects.filter(roster=bill.roster_id, state=EnrollmentState.LAPSED).exists()
        return "PAID_TWICE" if standing.exists() else "COVER_LAPSED" if lapsed else "COVER_ENDED"
    decided_at: Any = statement.decided_at
    if owed.early or owed.amount != row.amount:
        return "NOTICE_FIRST" if owed.early else "AMOUNT_DIFFERS"
    if timezone.localdate(decided_at) >= bill.period.enrollment_closes_on:
        return "COVER_LAPSED"
    reference = row.serial or ""
    if not reference or named_so(reference, program_id=bill.program_id).exists():
        reference = f"{statement.reference[:40]}#{row.pk}"
    # Its moment is that of the approval: whoever paid in time is in time, whenever the line's turn comes.
    own = pay_whole(
        OwnPayment(
            program_id=bill.program_id, period=bill.period, organization=bill.organization, region_code=bill.region_code,
            reference=reference, paid_on=row.paid_on, people=owed.people, amount=owed.amount, made_by=statement.decided_by,
            made_at=decided_at,
        ),
        owed.covers, by=PAYER,
    )
    fault_point("gates.bill_is_paid.before")
    BillPayment.objects.create(
        bill=bill, reference=reference, paid_on=row.paid_on, people=owed.people, amount=owed.amount,
        state=BillPayment.State.CONFIRMED, payment=own, recorded_by=statement.uploaded_by, recorded_at=statement.uploaded_at,
        decided_by=statement.decided_by, decided_at=decided_at, statement=statement, row=row,
    )
    _record("bill.paid_by_statement", bill, at=at, people=owed.people, amount=str(owed.amount), reference=reference)
    fault_point("gates.bill_is_paid.after")
    return ""


def _record(verb: str, bill: EmployerBill, *, at: datetime, **data: Any) -> None:
    events.record(
        verb, bill, by=PAYER, at=at, organization=bill.organization, region_code=bill.region_code, program_id=bill.program_id,
        data=data,
    )
