"""Employers' bills: drawn up with the roster, paid by one transfer that one person records and another confirms."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext_noop

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.models import Enrollment, Roster
from gates.actions.payments import named_so, pay_whole, refuse_unfit, said
from gates.bills import owed_of
from gates.clearing import take_turns
from gates.errors import GatesRefused
from gates.models import BillPayment, EmployerBill, OwnPayment
from gates.reach import refuse_beyond
from intake.deciding import reason_of

RECORD, CONFIRM = "gates.record_bill_payment", "gates.confirm_bill_payment"
DRAWER = gettext_noop("system:bills")
ZERO = Decimal("0.00")


def draw_up_bill(roster: Roster, *, at: datetime) -> EmployerBill | None:
    """What the roster's employer owes for everybody whom it enrolled, in the transaction that finishes it; None for nothing."""
    found = Enrollment.objects.filter(roster=roster.pk, own_share__gt=0).aggregate(
        people=Count("pk"), amount=Sum("own_share", default=ZERO)
    )
    if roster.employer_id is None or not found["people"]:
        return None
    fault_point("gates.draw_up_bill.before")
    bill: EmployerBill = EmployerBill.objects.create(
        employer_id=roster.employer_id, roster=roster, program_id=roster.program_id, period_id=roster.period_id,
        organization_id=roster.organization_id, region_code=roster.region_code, people=found["people"],
        amount=found["amount"], made_at=at,
    )
    _record("bill.drawn_up", bill, by=DRAWER, at=at, people=bill.people, amount=str(bill.amount))
    fault_point("gates.draw_up_bill.after")
    return bill


def record_bill_payment(
    bill: EmployerBill, *, reference: str, paid_on: date, amount: Decimal, by: User, at: datetime
) -> BillPayment:
    """An employer's transfer came in, of exactly what is due: nobody has paid before another person confirms it."""
    reference = reference.strip()
    bill = _read(bill)
    _refuse_beyond(bill, RECORD, by=by)
    refuse_unfit(bill.period, reference=reference, paid_on=paid_on, at=at)
    try:
        with transaction.atomic():
            take_turns(bill.period_id)
            owed = _due(bill, amount)
            _refuse_taken(reference, bill)
            fault_point("gates.record_bill_payment.before")
            made = BillPayment.objects.create(
                bill=bill, reference=reference, paid_on=paid_on, people=owed, amount=amount, recorded_by=by, recorded_at=at,
            )
            _record("bill.payment_recorded", bill, by=by, at=at, people=owed, amount=str(amount), reference=reference)
            fault_point("gates.record_bill_payment.after")
    except IntegrityError as conflict:
        raise _said(conflict) from conflict
    return made


def confirm_bill_payment(payment: BillPayment, *, by: User, at: datetime) -> BillPayment:
    """The transfer is there: everybody of the bill has paid, in one own payment. Refused where another sum is due by now."""
    try:
        with transaction.atomic():
            payment, bill = _decidable(payment, by=by)
            refuse_unfit(bill.period, reference=payment.reference, paid_on=payment.paid_on, at=at)
            take_turns(bill.period_id)
            _due(bill, payment.amount)
            if named_so(payment.reference, program_id=bill.program_id).exists():
                raise GatesRefused("REFERENCE_TAKEN", reference=payment.reference)
            fault_point("gates.confirm_bill_payment.before")
            own = pay_whole(
                OwnPayment(
                    program_id=bill.program_id, period=bill.period, organization=bill.organization,
                    region_code=bill.region_code, reference=payment.reference, paid_on=payment.paid_on,
                    people=payment.people, amount=payment.amount, made_by=payment.recorded_by, made_at=at,
                ),
                owed_of(bill).covers, by=by,
            )
            payment.state, payment.payment, payment.decided_by, payment.decided_at = BillPayment.State.CONFIRMED, own, by, at
            payment.save(update_fields=["state", "payment", "decided_by", "decided_at"])
            _record(
                "bill.payment_confirmed", bill, by=by, at=at, people=payment.people, amount=str(payment.amount),
                reference=payment.reference,
            )
            fault_point("gates.confirm_bill_payment.after")
    except IntegrityError as conflict:
        raise _said(conflict) from conflict
    return payment


def decline_bill_payment(payment: BillPayment, *, reason: str, by: User, at: datetime) -> BillPayment:
    """It is not there, or not so: nobody has paid, and the bill is as it was. Whoever recorded it may take it back."""
    with transaction.atomic():
        payment, bill = _decidable(payment, by=by, own=True)
        reason = reason_of(reason)
        events.refuse_personal(reason)
        fault_point("gates.decline_bill_payment.before")
        payment.state, payment.answer = BillPayment.State.DECLINED, reason
        payment.decided_by, payment.decided_at = by, at
        payment.save(update_fields=["state", "answer", "decided_by", "decided_at"])
        _record("bill.payment_declined", bill, by=by, at=at, reference=payment.reference, reason=reason)
        fault_point("gates.decline_bill_payment.after")
    return payment


def record_bill_printing(bill: EmployerBill, *, by: User, at: datetime) -> None:
    """The bill leaves the office."""
    fault_point("gates.record_bill_printing.before")
    owed = owed_of(bill)
    _record("bill.printed", bill, by=by, at=at, people=owed.people, amount=str(owed.amount))
    fault_point("gates.record_bill_printing.after")


def _due(bill: EmployerBill, amount: Decimal) -> int:
    """How many people the amount pays for: all of whom something is owed, to the fen."""
    owed = owed_of(bill)
    if not owed.people:
        raise GatesRefused("BILL_NOT_DUE")
    if owed.early:
        raise GatesRefused("BILL_NOTICE_FIRST", number=owed.early)
    if amount != owed.amount:
        raise GatesRefused("BILL_AMOUNT", paid=amount, due=owed.amount, people=owed.people)
    return owed.people


def _refuse_taken(reference: str, bill: EmployerBill) -> None:
    waiting = BillPayment.objects.filter(
        bill__program=bill.program_id, reference=reference, state=BillPayment.State.PROPOSED
    )
    if named_so(reference, program_id=bill.program_id).exists() or waiting.exists():
        raise GatesRefused("REFERENCE_TAKEN", reference=reference)


def _read(bill: EmployerBill) -> EmployerBill:
    found: EmployerBill = EmployerBill.objects.select_related(
        "organization", "program", "period__plan", "employer"
    ).get(pk=bill.pk)
    return found


def _decidable(payment: BillPayment, *, by: User, own: bool = False) -> tuple[BillPayment, EmployerBill]:
    """The row, locked, that somebody else recorded; with its bill. `own`: whoever recorded it may, too."""
    found = BillPayment.objects.select_for_update(of=("self",)).select_related("recorded_by")
    payment = found.get(pk=payment.pk)
    fault_point("gates.bill_payment.locked")
    bill = _read(payment.bill)
    mine = payment.recorded_by_id == by.pk
    _refuse_beyond(bill, RECORD if mine and own else CONFIRM, by=by)
    if payment.state != BillPayment.State.PROPOSED:
        raise GatesRefused("BILL_PAYMENT_DECIDED", state=payment.get_state_display())
    if mine and not own:
        raise GatesRefused("ANOTHER_CONFIRMS_BILL")
    return payment, bill


def _refuse_beyond(bill: EmployerBill, permission: str, *, by: Any) -> None:
    refuse_beyond(
        by, permission, organization=bill.organization, region_code=bill.region_code, program_id=bill.program_id
    )


def _said(conflict: IntegrityError) -> Exception:
    """Somebody was faster."""
    name = getattr(getattr(conflict.__cause__, "diag", None), "constraint_name", "")
    return GatesRefused("BILL_PAYMENT_WAITS") if name == "bill_payment_one_at_a_time" else said(conflict)


def _record(verb: str, bill: EmployerBill, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, bill, by=by, at=at, organization=bill.organization, region_code=bill.region_code, program_id=bill.program_id,
        data=data,
    )
