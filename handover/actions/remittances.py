"""Remittances: prepared by one person, approved by another, booked when the bank has paid; never more than was agreed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.models.purchase import names_a_person
from handover import premium
from handover.actions.invoices import reason_given, said
from handover.errors import HandOverRefused
from handover.models import Invoice, Remittance, RemittanceInvoice, RemittancePart, RemittanceState
from handover.reach import refuse_beyond
from intake.models import State
from programs import actions as programs
from programs.actions import Leg
from programs.models import LedgerTransaction
from programs.models.ledger import AccountKind

PREPARE, APPROVE, CONFIRM = "handover.prepare_remittance", "handover.approve_remittance", "handover.confirm_remittance"
REFERENCE_LENGTH = 60
ZERO = Decimal("0.00")


def prepare_remittance(invoices: Sequence[Invoice], *, by: User, at: datetime) -> Remittance:
    """Put agreed invoices of one period together to be paid, each whole; those that give back are set against the others."""
    try:
        with transaction.atomic():
            found = list(
                Invoice.objects.select_for_update(of=("self",)).select_related("program__organization", "period")
                .filter(pk__in=[each.pk for each in invoices]).order_by("pk")
            )
            fault_point("handover.invoices.locked")
            if not found or len({each.period_id for each in found}) > 1 or any(each.state != State.APPLIED for each in found):
                raise HandOverRefused("INVOICES_NONE")
            first = found[0]
            _refuse_beyond(by, PREPARE, first)
            amount = sum((each.agreed_amount for each in found), ZERO)
            if amount <= 0:
                raise HandOverRefused("NOTHING_TO_REMIT", amount=amount)
            remittance = Remittance(
                program=first.program, period=first.period, insurer_id=first.insurer_id, amount=amount,
                lines=sum(each.agreed_lines for each in found), made_by=by, made_at=at,
            )
            fault_point("handover.prepare_remittance.before")
            remittance.save(force_insert=True)
            RemittanceInvoice.objects.bulk_create(
                RemittanceInvoice(remittance=remittance, invoice=each, amount=each.agreed_amount) for each in found
            )
            parts = premium.parts_of(
                (row for each in found for row in each.shares), (row for each in found for row in each.bearers)
            )
            RemittancePart.objects.bulk_create(
                RemittancePart(remittance=remittance, funder_id=payer, amount=part)
                for payer, part in sorted(parts.items(), key=lambda part: part[0] or 0)
            )
            if sum(parts.values(), ZERO) != amount:
                raise RuntimeError(f"remittance of {amount}: its payers' parts come to {sum(parts.values(), ZERO)}")
            _record("remittance.prepared", remittance, by=by, at=at, invoices=len(found))
            fault_point("handover.prepare_remittance.after")
    except IntegrityError as conflict:
        raise said(conflict) from conflict
    return remittance


def approve_remittance(remittance: Remittance, *, by: User, at: datetime) -> Remittance:
    """Let it be paid; by a second person."""
    with transaction.atomic():
        found = _locked(remittance, RemittanceState.PREPARED, by=by, permission=APPROVE)
        if found.made_by_id == by.pk:
            raise HandOverRefused("ANOTHER_APPROVES")
        found.state, found.approved_by, found.approved_at = RemittanceState.APPROVED, by, at
        fault_point("handover.approve_remittance.before")
        found.save(update_fields=["state", "approved_by", "approved_at"])
        _record("remittance.approved", found, by=by, at=at)
        fault_point("handover.approve_remittance.after")
    return found


def confirm_paid(remittance: Remittance, *, reference: str, paid_on: date, by: User, at: datetime) -> Remittance:
    """The bank has paid: book it. `reference`: the bank's own, once in a program."""
    reference = " ".join(reference.split())
    if not 0 < len(reference) <= REFERENCE_LENGTH or names_a_person(reference):
        raise HandOverRefused("REFERENCE", characters=REFERENCE_LENGTH)
    if paid_on > timezone.localdate(at):
        raise HandOverRefused("PAID_LATER")
    try:
        with transaction.atomic():
            found = _to_confirm(remittance, by=by)
            found.state, found.ended_by, found.ended_at = RemittanceState.PAID, by, at
            found.reference, found.paid_on = reference, paid_on
            fault_point("handover.confirm_paid.before")
            found.save(update_fields=["state", "ended_by", "ended_at", "reference", "paid_on"])
            programs.post(
                LedgerTransaction.Kind.REMITTANCE,
                [
                    Leg(AccountKind.INSURER_PAYABLE, found.amount),
                    *(Leg(AccountKind.INSURER_PAID, -part.amount, part.funder_id) for part in found.parts.order_by("pk")),
                ],
                program_id=found.program_id, source=found, memo=reference, by=by, at=at,
            )
            _record("remittance.paid", found, by=by, at=at)
            fault_point("handover.confirm_paid.after")
    except IntegrityError as conflict:
        raise said(conflict) from conflict
    return found


def record_failure(remittance: Remittance, *, reason: str, by: User, at: datetime) -> Remittance:
    """The bank has not paid, and says so: nothing is booked, its invoices can be remitted anew."""
    with transaction.atomic():
        found = _to_confirm(remittance, by=by)
        return _let_go(found, RemittanceState.FAILED, "remittance.failed", reason=reason, by=by, at=at)


def withdraw_remittance(remittance: Remittance, *, reason: str, by: User, at: datetime) -> Remittance:
    """Take it back before it is approved."""
    with transaction.atomic():
        found = _locked(remittance, RemittanceState.PREPARED, by=by, permission=PREPARE)
        return _let_go(found, RemittanceState.WITHDRAWN, "remittance.withdrawn", reason=reason, by=by, at=at)


def decline_remittance(remittance: Remittance, *, reason: str, by: User, at: datetime) -> Remittance:
    """Send it back instead of approving it."""
    with transaction.atomic():
        found = _locked(remittance, RemittanceState.PREPARED, by=by, permission=APPROVE)
        if found.made_by_id == by.pk:
            raise HandOverRefused("ANOTHER_APPROVES")
        return _let_go(found, RemittanceState.WITHDRAWN, "remittance.withdrawn", reason=reason, by=by, at=at)


def _to_confirm(remittance: Remittance, *, by: User) -> Remittance:
    found = _locked(remittance, RemittanceState.APPROVED, by=by, permission=CONFIRM)
    if found.approved_by_id == by.pk:
        raise HandOverRefused("ANOTHER_CONFIRMS")
    return found


def _let_go(
    remittance: Remittance, state: RemittanceState, verb: str, *, reason: str, by: User, at: datetime
) -> Remittance:
    """Its invoices are free again."""
    remittance.state, remittance.reason = state, reason_given(reason)
    remittance.ended_by, remittance.ended_at = by, at
    fault_point("handover.end_remittance.before")
    remittance.save(update_fields=["state", "reason", "ended_by", "ended_at"])
    RemittanceInvoice.objects.filter(remittance=remittance).update(stands=False)
    _record(verb, remittance, by=by, at=at, reason=remittance.reason)
    fault_point("handover.end_remittance.after")
    return remittance


def _locked(remittance: Remittance, state: RemittanceState, *, by: User, permission: str) -> Remittance:
    """The row, locked, in this state and within the user's reach."""
    found = Remittance.objects.select_for_update(of=("self",)).select_related("program__organization").get(pk=remittance.pk)
    fault_point("handover.remittance.locked")
    _refuse_beyond(by, permission, found)
    if found.state != state:
        raise HandOverRefused("REMITTANCE_STATE", state=found.get_state_display())
    return found


def _refuse_beyond(by: User, permission: str, of: Any) -> None:
    program = of.program
    refuse_beyond(by, permission, organization=program.organization, region_code=program.region_code, program_id=program.pk)


def _record(verb: str, remittance: Remittance, *, by: Any, at: datetime, **data: Any) -> None:
    program = remittance.program
    events.record(
        verb, remittance, by=by, at=at, organization=program.organization, region_code=program.region_code,
        program_id=program.pk, data={"amount": str(remittance.amount), **data},
    )
