"""Amounts asked back: what came in or is written off, recorded by one person, booked when another confirms it, reversed by two.

Locks in this order: the case, its claim, the amount asked back. Whoever decides about the claim waits, and is waited for.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.faults import fault_point
from beneficiaries.models.purchase import names_a_person
from claims.actions.settling import make_payable
from claims.errors import ClaimsRefused
from claims.models import (
    Claim,
    DecisionState,
    Payable,
    PayableKind,
    PayableState,
    Recovery,
    RecoveryKind,
    RecoveryState,
)
from claims.stepping import locked, not_later, record, said
from programs.actions import Leg, post
from programs.models import LedgerTransaction
from programs.models.ledger import AccountKind

RECORD, CONFIRM = "claims.record_recovery", "claims.confirm_recovery"
REFERENCE_LENGTH = 60
LIVE = (RecoveryState.PROPOSED, RecoveryState.CONFIRMED)
ZERO = Decimal("0.00")
#: Where what was asked back goes to.
_ACCOUNTS = {
    RecoveryKind.RECEIPT: AccountKind.CLAIMS_RECOVERED, RecoveryKind.WRITE_OFF: AccountKind.CLAIMS_WRITTEN_OFF,
}
_POSTINGS = {
    RecoveryKind.RECEIPT: LedgerTransaction.Kind.RECOVERY, RecoveryKind.WRITE_OFF: LedgerTransaction.Kind.WRITE_OFF,
}


def record_recovery(
    payable: Payable, *, amount: Decimal, reference: str, received_on: date, by: User, at: datetime
) -> Recovery:
    """Something came in of an amount asked back, all or a part. Booked once somebody else confirms it."""
    reference = reference.strip()
    if not 0 < len(reference) <= REFERENCE_LENGTH or names_a_person(reference):
        raise ClaimsRefused("RECOVERY_REFERENCE", characters=REFERENCE_LENGTH)
    if not not_later(received_on, at=at):
        raise ClaimsRefused("RECEIVED_LATER")
    return _recorded(
        Recovery(payable=payable, kind=RecoveryKind.RECEIPT, amount=amount, reference=reference, happened_on=received_on),
        by=by, at=at,
    )


def record_write_off(payable: Payable, *, amount: Decimal, reason: str, by: User, at: datetime) -> Recovery:
    """What will not come any more of an amount asked back, and why."""
    return _recorded(
        Recovery(
            payable=payable, kind=RecoveryKind.WRITE_OFF, amount=amount, reason=said(reason), happened_on=timezone.localdate(at)
        ),
        by=by, at=at,
    )


def record_reversal(recovery: Recovery, *, reason: str, by: User, at: datetime) -> Recovery:
    """A confirmed record was wrong: its sum is open again once somebody else confirms it."""
    return _recorded(
        Recovery(
            payable=recovery.payable, kind=RecoveryKind.REVERSAL, reverses=recovery, amount=recovery.amount, reason=said(reason),
            happened_on=timezone.localdate(at),
        ),
        by=by, at=at,
    )


def _recorded(recovery: Recovery, *, by: User, at: datetime) -> Recovery:
    if recovery.amount <= 0 or recovery.amount != recovery.amount.quantize(ZERO):
        raise ClaimsRefused("RECOVERY_AMOUNT")
    try:
        with transaction.atomic():
            claim, payable = _locked(recovery.payable, by=by, permission=RECORD)
            fault_point("claims.record_recovery.locked")
            if recovery.reverses is None:
                _refuse_above(payable, recovery.amount, waiting=_waiting(payable))
                first = claim.payables.filter(kind=PayableKind.RECLAIM).earliest("made_at")
                if recovery.happened_on < timezone.localdate(first.made_at):
                    raise ClaimsRefused("RECEIVED_BEFORE")
            else:
                _refuse_unconfirmed(Recovery.objects.get(pk=recovery.reverses.pk))
            fault_point("claims.record_recovery.before")
            recovery.payable, recovery.made_by, recovery.made_at = payable, by, at
            recovery.save(force_insert=True)
            _record("claim.recovery_recorded", claim, recovery, by=by, at=at)
            fault_point("claims.record_recovery.after")
    except IntegrityError as conflict:
        raise _in_words(conflict) from conflict
    return recovery


def confirm_recovery(recovery: Recovery, *, by: User, at: datetime) -> Recovery:
    """Book it: the amount asked back and the ledger move in one transaction."""
    with transaction.atomic():
        claim, payable, recovery = _decidable(recovery, by=by)
        fault_point("claims.confirm_recovery.before")
        if recovery.kind == RecoveryKind.REVERSAL:
            _reverse(recovery, payable, claim, by=by, at=at)
        else:
            _settle(recovery, payable, claim, by=by, at=at)
        recovery.state, recovery.decided_by, recovery.decided_at = RecoveryState.CONFIRMED, by, at
        recovery.save(update_fields=["state", "decided_by", "decided_at"])
        _record("claim.recovery_confirmed", claim, recovery, by=by, at=at)
        fault_point("claims.confirm_recovery.after")
    return recovery


def decline_recovery(recovery: Recovery, *, reason: str, by: User, at: datetime) -> Recovery:
    """Nothing is booked; its reference is free again."""
    reason = said(reason)
    with transaction.atomic():
        claim, _payable, recovery = _decidable(recovery, by=by)
        fault_point("claims.decline_recovery.before")
        recovery.state, recovery.decided_by, recovery.decided_at = RecoveryState.DECLINED, by, at
        recovery.answer = reason
        recovery.save(update_fields=["state", "decided_by", "decided_at", "answer"])
        _record("claim.recovery_declined", claim, recovery, by=by, at=at, reason=reason)
        fault_point("claims.decline_recovery.after")
    return recovery


def _locked(payable: Payable, *, by: Any, permission: str) -> tuple[Claim, Payable]:
    """The claim and the amount as they are now."""
    claim = locked(Claim.objects.get(payables=payable.pk), by=by, permission=permission)
    payable = Payable.objects.select_for_update(of=("self",)).get(pk=payable.pk)
    if payable.kind != PayableKind.RECLAIM:
        raise ClaimsRefused("NOT_ASKED_BACK")
    return claim, payable


def _decidable(recovery: Recovery, *, by: User) -> tuple[Claim, Payable, Recovery]:
    """The record behind its claim and amount, that somebody else made."""
    claim, payable = _locked(recovery.payable, by=by, permission=CONFIRM)
    recovery = Recovery.objects.select_for_update(of=("self",)).get(pk=recovery.pk)
    fault_point("claims.recovery.locked")
    if recovery.state != RecoveryState.PROPOSED:
        raise ClaimsRefused("RECOVERY_DECIDED", state=recovery.get_state_display())
    if recovery.made_by_id == by.pk:
        raise ClaimsRefused("RECOVERY_BY_ANOTHER")
    return claim, payable, recovery


def _waiting(payable: Payable) -> Decimal:
    """Yuan of an amount that are recorded as received or written off and wait to be confirmed."""
    rows = payable.recoveries.filter(state=RecoveryState.PROPOSED).exclude(kind=RecoveryKind.REVERSAL)
    return sum(rows.values_list("amount", flat=True), ZERO)


def _refuse_above(payable: Payable, amount: Decimal, *, waiting: Decimal = ZERO) -> None:
    """Never more than is asked."""
    if payable.state != PayableState.OPEN:
        raise ClaimsRefused("NOTHING_ASKED")
    left = payable.unsettled - waiting
    if amount > left:
        raise ClaimsRefused("MORE_THAN_ASKED", left=f"{left:,.2f}", waiting=f"{waiting:,.2f}")


def _refuse_unconfirmed(recovery: Recovery) -> None:
    if recovery.state != RecoveryState.CONFIRMED or recovery.kind == RecoveryKind.REVERSAL:
        raise ClaimsRefused("RECOVERY_NOT_CONFIRMED")


def _settle(recovery: Recovery, payable: Payable, claim: Claim, *, by: Any, at: datetime) -> None:
    """So much less is open."""
    _refuse_above(payable, recovery.amount)
    _add(payable, RecoveryKind(recovery.kind), recovery.amount, day=recovery.happened_on)
    _book(_POSTINGS[RecoveryKind(recovery.kind)], recovery, claim, kind=recovery.kind, amount=recovery.amount, by=by, at=at)


def _reverse(recovery: Recovery, payable: Payable, claim: Claim, *, by: Any, at: datetime) -> None:
    """So much is open again: on the amount itself, or, where the claim was decided anew since, as an amount beside it."""
    assert recovery.reverses_id is not None
    wrong = Recovery.objects.select_for_update(of=("self",)).get(pk=recovery.reverses_id)
    _refuse_unconfirmed(wrong)
    _add(payable, RecoveryKind(wrong.kind), -wrong.amount, day=recovery.happened_on)
    if payable.state == PayableState.CANCELLED:
        holding = claim.decisions.get(state=DecisionState.APPROVED)
        make_payable(claim, holding, kind=PayableKind.RECLAIM, amount=wrong.amount, at=at)
    wrong.state = RecoveryState.REVERSED
    fault_point("claims.reverse_recovery.before")
    wrong.save(update_fields=["state"])
    _book(LedgerTransaction.Kind.REVERSAL, recovery, claim, kind=wrong.kind, amount=-wrong.amount, by=by, at=at)
    fault_point("claims.reverse_recovery.after")


def _add(payable: Payable, kind: RecoveryKind, amount: Decimal, *, day: date) -> None:
    if kind == RecoveryKind.RECEIPT:
        payable.received += amount
    else:
        payable.written_off += amount
    if payable.state != PayableState.CANCELLED:
        payable.state = PayableState.OPEN if payable.unsettled else PayableState.PAID
        payable.paid_on = None if payable.unsettled else day
    fault_point("claims.settle_recovery.before")
    payable.save(update_fields=["received", "written_off", "state", "paid_on"])
    fault_point("claims.settle_recovery.after")


def _book(posting: str, recovery: Recovery, claim: Claim, *, kind: str, amount: Decimal, by: Any, at: datetime) -> None:
    legs = [Leg(_ACCOUNTS[RecoveryKind(kind)], amount), Leg(AccountKind.CLAIMS_RECOVERABLE, -amount)]
    post(posting, legs, program_id=claim.program_id, source=recovery, memo=claim.number, by=by, at=at)


def _in_words(conflict: IntegrityError) -> Exception:
    """Somebody was faster: what the database refused, as the rules say it."""
    name = getattr(getattr(conflict.__cause__, "diag", None), "constraint_name", "")
    codes = {"recovery_reference_once": "RECOVERY_TAKEN", "recovery_reversed_once": "RECOVERY_REVERSED"}
    return ClaimsRefused(codes[name]) if name in codes else conflict


def _record(verb: str, claim: Claim, recovery: Recovery, *, by: Any, at: datetime, **data: Any) -> None:
    record(verb, claim, by=by, at=at, kind=str(recovery.kind), amount=str(recovery.amount), **data)
