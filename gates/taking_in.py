"""An approved statement made real, chunk by chunk: shares paid and booked, purchases' payments shown, all other money held."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Max, Sum
from django.db.models.expressions import RawSQL
from django.utils import timezone

from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.gating import Gate, lock_rosters, pass_gate_of
from beneficiaries.models import Enrollment
from gates.actions.payments import PAYER, end_recording, said
from gates.bill_lines import lock_rosters_of, shown_by, take_in_bills
from gates.errors import GatesRefused
from gates.fitting import COVER, GIVEN_UP, UNFIT
from gates.meanings import HELD_FOR
from gates.models import Arrival, HeldKind, HeldPayment, HeldState, OwnPayment, OwnPaymentLine, Statement, StatementRow
from intake.findings import Verdict
from intake.template import Applied
from programs import actions as programs

_SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off"
#: Of a line that is the payment of a purchase: it pays nobody anew.
AGREES = Verdict.UNCHANGED
#: SQL: a row `r` stands in another statement that is taken in.
_COUNTED = """EXISTS (
    SELECT FROM gates_statementrow line JOIN gates_statement other ON other.id = line.statement_id
    JOIN gates_statementchunk chunk ON chunk.statement_id = line.statement_id AND chunk.number = line.chunk
    WHERE r.serial IS NOT NULL AND other.direction = 'in' AND line.serial = r.serial AND line.amount = r.amount
        AND line.paid_on = r.paid_on
        AND other.program_id = %(program)s AND other.id <> r.statement_id AND chunk.applied_at IS NOT NULL
        AND line.verdict <> %(replaced)s
)"""
# Judged once more under the locks: what was paid, taken back or changed since the review is set aside.
_WORK = f"""
CREATE TEMPORARY TABLE statement_work ON COMMIT DROP AS
SELECT r.id AS row_id, r.enrollment_id, r.amount,
    CASE
        WHEN {_COUNTED} THEN 'LINE_KNOWN'
        {UNFIT.format(amount="r.amount")}
        ELSE ''
    END AS drift
FROM gates_statementrow r {COVER.format(cover="r.enrollment_id")}
WHERE r.statement_id = %(statement)s AND r.chunk = %(chunk)s AND r.verdict = %(matched)s AND r.set_aside = ''
"""  # noqa: S608 - words of this room
_SET_ASIDE = """
UPDATE gates_statementrow r SET set_aside = w.drift FROM statement_work w WHERE w.row_id = r.id AND w.drift <> ''
"""
_LINES = """
INSERT INTO gates_ownpaymentline (payment_id, enrollment_id, amount, row_id)
SELECT %(payment)s, enrollment_id, amount, row_id FROM statement_work ORDER BY enrollment_id
"""
# Another statement was first: the money came in once more.
_ARRIVED_BEFORE = f"""
UPDATE gates_statementrow r SET set_aside = CASE WHEN {_COUNTED} THEN 'LINE_KNOWN'
    WHEN {GIVEN_UP.format(purchase="r.purchase_id")} THEN 'PAYMENT_GIVEN_UP' ELSE 'PAID_TWICE' END
WHERE r.statement_id = %(statement)s AND r.chunk = %(chunk)s AND r.verdict = %(agrees)s AND r.set_aside = ''
    AND (EXISTS (SELECT FROM gates_arrival a WHERE a.purchase_id = r.purchase_id AND a.reversed_by_id IS NULL)
        OR {GIVEN_UP.format(purchase="r.purchase_id")} OR {_COUNTED})
"""  # noqa: S608 - words of this room
_ARRIVALS = """
INSERT INTO gates_arrival (statement_id, row_id, purchase_id, amount)
SELECT statement_id, id, purchase_id, amount FROM gates_statementrow r
WHERE r.statement_id = %(statement)s AND r.chunk = %(chunk)s AND r.verdict = %(agrees)s AND r.set_aside = ''
    AND r.purchase_id IS NOT NULL ORDER BY purchase_id
"""
# What the channel reported twice came in once: it is counted there.
_HELD = """
WITH held AS (
    INSERT INTO gates_heldpayment (statement_id, row_id, period_id, enrollment_id, kind, amount, paid_on, state)
    SELECT found.*, CASE found.kind WHEN 'reported' THEN 'counted' ELSE 'held' END FROM (
        SELECT r.statement_id, r.id, %(period)s, r.enrollment_id, {kind} AS kind, r.amount, r.paid_on FROM gates_statementrow r
        WHERE r.statement_id = %(statement)s AND r.chunk = %(chunk)s AND r.verdict <> %(replaced)s
            AND (r.verdict <> ALL(%(placed)s) OR r.set_aside <> '')
        ORDER BY r.id
    ) AS found RETURNING state, amount
)
SELECT count(*), coalesce(sum(amount), 0.00) FROM held WHERE state = 'held'
"""


def open_payment(statement: Statement, *, by: Any, at: datetime) -> OwnPayment | None:
    """The payment of all lines that match, in the transaction of the approval; None when none does.

    Its moment is that of the approval: whoever paid in time is in time, whenever their line's turn comes.
    """
    found = StatementRow.objects.filter(statement=statement, verdict=Verdict.NEW).aggregate(
        people=Count("pk"), amount=Sum("amount", default=Decimal("0.00")), last=Max("paid_on")
    )
    if not found["people"]:
        return None
    if timezone.localdate(at) >= statement.period.enrollment_closes_on:
        raise GatesRefused("ENROLLMENT_CLOSED", day=statement.period.enrollment_closes_on)
    try:
        with transaction.atomic():
            fault_point("gates.open_payment.before")
            payment = OwnPayment.objects.create(
                program_id=statement.program_id, period_id=statement.period_id, organization_id=statement.organization_id,
                region_code=statement.region_code, statement=statement, reference=statement.reference,
                paid_on=found["last"], people=found["people"], amount=found["amount"], made_by=by, made_at=at,
            )
    except IntegrityError as conflict:
        raise said(conflict) from conflict
    events.record(
        "payment.recorded", payment, by=by, at=at, organization=statement.organization, region_code=statement.region_code,
        program_id=statement.program_id, data={"people": found["people"], "amount": str(found["amount"])},
    )
    fault_point("gates.open_payment.after")
    return payment


def take_in(statement: Statement, chunk: int, *, at: datetime) -> Applied:
    """The lines of one chunk, in the caller's transaction: what drifted since the review is set aside, the rest paid.

    What came with a purchase was booked with it: here it is shown to have arrived, and nothing is booked.
    """
    facts: dict[str, Any] = {
        "statement": statement.pk, "chunk": chunk, "program": statement.program_id, "period": statement.period_id,
        "matched": int(Verdict.NEW), "agrees": int(AGREES), "placed": [int(Verdict.NEW), int(AGREES)],
        "replaced": int(Verdict.REPLACED),
    }
    payment = OwnPayment.objects.select_related("period__plan").filter(statement=statement).first()
    rows = StatementRow.objects.filter(statement=statement, chunk=chunk, verdict=Verdict.NEW, set_aside="")
    with connection.cursor() as cursor:
        # As a payment of the whole list does: whoever comes second sees who is on the first.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"gates.payment:{statement.period_id}"])
        covers = Enrollment.objects.filter(pk__in=rows.values("enrollment"))
        lock_rosters_of(statement, chunk, covers)
        lock_rosters(covers)
        fault_point("gates.take_in.before")
        cursor.execute(_SETTINGS)
        cursor.execute(_WORK, facts)
        # Whatever the planner takes the covers for, each finds its line by index: else a chunk was compared with itself.
        cursor.execute("CREATE INDEX ON statement_work (enrollment_id)")
        cursor.execute("ANALYZE statement_work")
        plan_anew(cursor)
        cursor.execute(_SET_ASIDE)
        set_aside = cursor.rowcount
        cursor.execute("DELETE FROM statement_work WHERE drift <> ''")
        fault_point("gates.take_in.arrivals.before")
        cursor.execute(_ARRIVED_BEFORE, facts)
        set_aside += cursor.rowcount
        cursor.execute(_ARRIVALS, facts)
        arrived = cursor.rowcount
        bills, drifted = take_in_bills(statement, chunk, at=at)
        arrived, set_aside = arrived + bills, set_aside + drifted
        fault_point("gates.take_in.held.before")
        cursor.execute(_HELD.format(kind=_kind()), facts)
        held, amount = cursor.fetchone()
        programs.hold_own(statement, amount, program_id=statement.program_id, lines=held, by=PAYER, at=at)
        paid = 0
        if payment is not None:
            fault_point("gates.take_in.lines.before")
            cursor.execute(_LINES, {**facts, "payment": payment.pk})
            paid = cursor.rowcount
            _pay(payment, paid)
        cursor.execute("DROP TABLE statement_work")
        fault_point("gates.take_in.after")
    return Applied(paid + arrived, set_aside)


def _pay(payment: OwnPayment, people: int) -> None:
    """Stamp and book whoever is in the work table; all of them, or the chunk is tried again."""
    covers = Enrollment.objects.filter(pk__in=RawSQL("SELECT enrollment_id FROM statement_work", []))
    passed = pass_gate_of(covers, gate=Gate.OWN_PAYMENT, period=payment.period, by=PAYER, at=payment.made_at)
    if passed.people != people:
        raise RuntimeError(f"payment {payment.pk}: {people} lines, {passed.people} shares")
    programs.receive_own(
        payment, passed.own_share, program_id=payment.program_id, people=passed.people, by=PAYER, at=payment.made_at
    )


def end_payment(statement: Statement, *, at: datetime) -> None:
    """The payment of an applied statement is recorded; whoever was set aside is told with their money."""
    counted: dict[str, Any] = {"people": Count("pk"), "amount": Sum("amount", default=Decimal("0.00"))}
    held = HeldPayment.objects.filter(statement=statement).exclude(state=HeldState.COUNTED).aggregate(**counted)
    own = OwnPayment.objects.select_for_update(of=("self",)).select_related("organization")
    payment = own.filter(statement=statement).first()
    if payment is not None:
        paid = OwnPaymentLine.objects.filter(payment=payment).aggregate(**counted)
        end_recording(payment, payment.people - paid["people"], payment.amount - paid["amount"], by=PAYER, at=at)
    arrived = Arrival.objects.filter(statement=statement, clearing=None).aggregate(**counted)
    bills = shown_by(statement)
    arrived = {"people": arrived["people"] + bills["lines"], "amount": arrived["amount"] + bills["amount"]}
    where: dict[str, Any] = {
        "by": PAYER, "at": at, "organization": statement.organization, "region_code": statement.region_code,
        "program_id": statement.program_id,
    }
    fault_point("gates.end_payment.before")
    if arrived["people"]:
        events.record(
            "statement.agreed", statement, **where, data={"lines": arrived["people"], "amount": str(arrived["amount"])}
        )
    if held["people"]:
        events.record(
            "statement.money_held", statement, **where, data={"lines": held["people"], "amount": str(held["amount"])}
        )
    fault_point("gates.end_payment.after")


def _kind() -> str:
    """SQL: why the money of a row `r` is held, by what set it aside or by the first finding that says it."""
    cases = " ".join(
        f"WHEN r.set_aside = '{code}' OR (r.set_aside = '' AND '{code}' = ANY(r.codes)) THEN '{kind.value}'"
        for code, kind in HELD_FOR.items()
    )
    return f"CASE {cases} ELSE '{HeldKind.OTHER.value}' END"
