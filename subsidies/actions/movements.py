"""Movements of funds: recorded by one person, booked when another confirms them, reversed by two where they were wrong."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.models.purchase import names_a_person
from programs.actions import Leg
from programs.models import Funder, LedgerTransaction, Program
from programs.models.ledger import AccountKind
from subsidies.actions.funds import ZERO, allocate, asked_of, book, held_for, lock_funds, restate, spread
from subsidies.errors import SubsidyRefused
from subsidies.models import Differences, FundAllocation, FundMovement, FundRequest
from subsidies.models.difference import DifferencesState
from subsidies.models.movement import MovementKind, MovementState
from subsidies.models.request import ASKED
from subsidies.reach import refuse_beyond

RECORD, CONFIRM = "subsidies.record_movement", "subsidies.confirm_movement"
REFERENCE_LENGTH = 60
LIVE = (MovementState.PROPOSED, MovementState.CONFIRMED)


def record_receipt(
    funder: Funder, *, program: Program, request: FundRequest | None = None, amount: Decimal, reference: str,
    received_on: date, by: User, at: datetime,
) -> FundMovement:
    """A tranche came in; `request`: what it is for, else the oldest requests first. Booked once somebody else confirms it."""
    if request is not None and (request.funder_id != funder.pk or request.program_id != program.pk or request.state not in ASKED):
        raise SubsidyRefused("OTHER_REQUEST")
    return _recorded(
        FundMovement(kind=MovementKind.RECEIPT, funder=funder, program=program, request=request), amount=amount,
        reference=_reference(reference), moved_on=received_on, by=by, at=at,
    )


def record_write_off(
    request: FundRequest, *, amount: Decimal, reason: str, by: User, at: datetime
) -> FundMovement:
    """What will not come any more of a request, and why."""
    if not request.open_amount:
        raise SubsidyRefused("NOTHING_OPEN")
    if amount > request.open_amount:
        raise SubsidyRefused("MORE_THAN_OPEN", open=request.open_amount)
    return _recorded(
        FundMovement(kind=MovementKind.WRITE_OFF, funder=request.funder, program=request.program, request=request),
        amount=amount, reason=_reason(reason), moved_on=timezone.localdate(at), by=by, at=at,
    )


def record_payback(
    funder: Funder, *, program: Program, amount: Decimal, reference: str, paid_on: date, by: User, at: datetime
) -> FundMovement:
    """What was held for a funder went back to it."""
    held = held_for(funder_id=funder.pk, program_id=program.pk)
    if amount > held:
        raise SubsidyRefused("MORE_THAN_HELD", held=held)
    return _recorded(
        FundMovement(kind=MovementKind.PAYBACK, funder=funder, program=program), amount=amount,
        reference=_reference(reference), moved_on=paid_on, by=by, at=at,
    )


def record_own_refund(
    differences: Differences, *, amount: Decimal, reference: str, paid_on: date, by: User, at: datetime
) -> FundMovement:
    """The own shares that a list of differences gives back were paid to the insured: all of them, to the fen."""
    if differences.state != DifferencesState.APPROVED or differences.refund_amount <= 0:
        raise SubsidyRefused("NOTHING_TO_REFUND")
    if amount != differences.refund_amount:
        raise SubsidyRefused("REFUND_AMOUNT", due=differences.refund_amount, paid=amount)
    if differences.movements.filter(state__in=LIVE).exists():
        raise SubsidyRefused("REFUNDED_ALREADY")
    return _recorded(
        FundMovement(kind=MovementKind.OWN_REFUND, program=differences.program, differences=differences), amount=amount,
        reference=_reference(reference), moved_on=paid_on, by=by, at=at,
    )


def record_reversal(movement: FundMovement, *, reason: str, by: User, at: datetime) -> FundMovement:
    """A confirmed movement was recorded wrongly: booked back once somebody else confirms it."""
    if movement.state != MovementState.CONFIRMED or movement.kind == MovementKind.REVERSAL:
        raise SubsidyRefused("NOT_CONFIRMED")
    if movement.reversals.filter(state__in=LIVE).exists():
        raise SubsidyRefused("REVERSED_ALREADY")
    return _recorded(
        FundMovement(
            kind=MovementKind.REVERSAL, funder=movement.funder, program=movement.program, request=movement.request,
            differences=movement.differences, reverses=movement,
        ),
        amount=movement.amount, reason=_reason(reason), moved_on=timezone.localdate(at), by=by, at=at,
    )


def _recorded(
    movement: FundMovement, *, amount: Decimal, reference: str = "", reason: str = "", moved_on: date, by: User, at: datetime
) -> FundMovement:
    refuse_beyond(by, RECORD, program=movement.program)
    if amount <= 0 or amount != amount.quantize(ZERO):
        raise SubsidyRefused("AMOUNT_ABOVE_ZERO")
    if moved_on > timezone.localdate(at):
        raise SubsidyRefused("MOVED_LATER")
    movement.amount, movement.reference, movement.reason, movement.moved_on = amount, reference, reason, moved_on
    movement.made_by, movement.made_at = by, at
    try:
        with transaction.atomic():
            fault_point("subsidies.record_movement.before")
            movement.save(force_insert=True)
            _record("funds.movement_recorded", movement, by=by, at=at)
            fault_point("subsidies.record_movement.after")
    except IntegrityError as conflict:
        raise _said(conflict) from conflict
    return movement


def confirm_movement(movement: FundMovement, *, by: User, at: datetime) -> FundMovement:
    """Book it: requests, budgets and the ledger move in one transaction."""
    with transaction.atomic():
        movement = _decidable(movement, by=by)
        fault_point("subsidies.confirm_movement.before")
        _BOOKED[MovementKind(movement.kind)](movement, by=by, at=at)
        movement.state, movement.decided_by, movement.decided_at = MovementState.CONFIRMED, by, at
        movement.save(update_fields=["state", "held", "decided_by", "decided_at"])
        _record("funds.movement_confirmed", movement, by=by, at=at, held=str(movement.held))
        fault_point("subsidies.confirm_movement.after")
    return movement


def decline_movement(movement: FundMovement, *, reason: str, by: User, at: datetime) -> FundMovement:
    """Nothing is booked; its reference is free again."""
    with transaction.atomic():
        movement = _decidable(movement, by=by)
        reason = _reason(reason)
        fault_point("subsidies.decline_movement.before")
        movement.state, movement.decided_by, movement.decided_at = MovementState.DECLINED, by, at
        movement.answer = reason
        movement.save(update_fields=["state", "decided_by", "decided_at", "answer"])
        _record("funds.movement_declined", movement, by=by, at=at, reason=reason)
        fault_point("subsidies.decline_movement.after")
    return movement


def _decidable(movement: FundMovement, *, by: User) -> FundMovement:
    """The row, locked behind the funder's money, that somebody else recorded."""
    if movement.funder_id is not None:
        lock_funds(funder_id=movement.funder_id, program_id=movement.program_id)
    found = FundMovement.objects.select_for_update(of=("self",)).select_related("program__organization", "funder")
    movement = found.get(pk=movement.pk)
    fault_point("subsidies.movement.locked")
    refuse_beyond(by, CONFIRM, program=movement.program)
    if movement.state != MovementState.PROPOSED:
        raise SubsidyRefused("MOVEMENT_DECIDED", state=movement.get_state_display())
    if movement.made_by_id == by.pk:
        raise SubsidyRefused("ANOTHER_CONFIRMS")
    return movement


def _receive(movement: FundMovement, *, by: Any, at: datetime) -> None:
    requests = asked_of(_funder(movement), movement.program_id)
    if movement.request_id is not None:
        requests.sort(key=lambda each: each.pk != movement.request_id)
    moved = spread(movement.amount, requests)
    whole = sum(moved.values(), ZERO)
    movement.held = movement.amount - whole
    fault_point("subsidies.receive.before")
    allocate(moved, movement=movement, at=at)
    _book(
        LedgerTransaction.Kind.FUNDS, movement, by=by, at=at,
        legs={
            AccountKind.FUNDER_RECEIVED: movement.amount, AccountKind.FUNDER_RECEIVABLE: -whole,
            AccountKind.FUNDER_CREDIT: -movement.held,
        },
    )
    fault_point("subsidies.receive.after")


def _write_off(movement: FundMovement, *, by: Any, at: datetime) -> None:
    request = _request(movement)
    if movement.amount > request.open_amount:
        raise SubsidyRefused("MORE_THAN_OPEN", open=request.open_amount)
    request.written_off += movement.amount
    restate(request, at=at)
    fault_point("subsidies.write_off.before")
    request.save(update_fields=["written_off", "state", "settled_at"])
    _book(
        LedgerTransaction.Kind.WRITE_OFF, movement, by=by, at=at,
        legs={AccountKind.FUNDER_WRITTEN_OFF: movement.amount, AccountKind.FUNDER_RECEIVABLE: -movement.amount},
    )
    fault_point("subsidies.write_off.after")


def _pay_back(movement: FundMovement, *, by: Any, at: datetime) -> None:
    held = held_for(funder_id=movement.funder_id, program_id=movement.program_id)
    if movement.amount > held:
        raise SubsidyRefused("MORE_THAN_HELD", held=held)
    _book(
        LedgerTransaction.Kind.PAYBACK, movement, by=by, at=at,
        legs={AccountKind.FUNDER_CREDIT: movement.amount, AccountKind.FUNDER_RECEIVED: -movement.amount},
    )


def _refund_own(movement: FundMovement, *, by: Any, at: datetime) -> None:
    _book(
        LedgerTransaction.Kind.REFUND, movement, by=by, at=at,
        legs={AccountKind.PERSON_RECEIVABLE: movement.amount, AccountKind.OWN_RECEIVED: -movement.amount},
    )


def _reverse(movement: FundMovement, *, by: Any, at: datetime) -> None:
    """Undo what the other one did to requests, budgets and books."""
    assert movement.reverses_id is not None
    wrong = FundMovement.objects.select_for_update(of=("self",)).get(pk=movement.reverses_id)
    fault_point("subsidies.reverse.before")
    _REVERSED[MovementKind(wrong.kind)](movement, wrong, by=by, at=at)
    wrong.state = MovementState.REVERSED
    wrong.save(update_fields=["state"])
    fault_point("subsidies.reverse.after")


def _reverse_receipt(movement: FundMovement, wrong: FundMovement, *, by: Any, at: datetime) -> None:
    """What is held goes first, then what the receipt brought its requests, then what was held when others were approved."""
    funder_id = _funder(movement)
    requests = {each.pk: each for each in asked_of(funder_id, movement.program_id)}
    held = min(wrong.amount, held_for(funder_id=funder_id, program_id=movement.program_id))
    rest = wrong.amount - held
    moved: dict[FundRequest, Decimal] = {}
    for source in (wrong, None):
        parts = FundAllocation.objects.filter(movement=source, request__in=requests).order_by()
        for row in parts.values("request").annotate(sum=Sum("amount")).order_by("-request"):
            request = requests[row["request"]]
            part = min(rest, row["sum"], request.allocated)
            if part > 0:
                request.allocated -= part
                moved[request] = moved.get(request, ZERO) - part
                rest -= part
    if rest:
        raise SubsidyRefused("SPENT")
    allocate(moved, movement=movement, at=at)
    _book(
        LedgerTransaction.Kind.REVERSAL, movement, by=by, at=at,
        legs={
            AccountKind.FUNDER_RECEIVED: -wrong.amount, AccountKind.FUNDER_CREDIT: held,
            AccountKind.FUNDER_RECEIVABLE: wrong.amount - held,
        },
    )


def _reverse_write_off(movement: FundMovement, wrong: FundMovement, *, by: Any, at: datetime) -> None:
    request = _request(movement)
    if request.written_off < wrong.amount:
        raise SubsidyRefused("SPENT")
    request.written_off -= wrong.amount
    restate(request, at=at)
    fault_point("subsidies.reverse_write_off.before")
    request.save(update_fields=["written_off", "state", "settled_at"])
    _book(
        LedgerTransaction.Kind.REVERSAL, movement, by=by, at=at,
        legs={AccountKind.FUNDER_RECEIVABLE: wrong.amount, AccountKind.FUNDER_WRITTEN_OFF: -wrong.amount},
    )
    fault_point("subsidies.reverse_write_off.after")


def _reverse_payback(movement: FundMovement, wrong: FundMovement, *, by: Any, at: datetime) -> None:
    _book(
        LedgerTransaction.Kind.REVERSAL, movement, by=by, at=at,
        legs={AccountKind.FUNDER_RECEIVED: wrong.amount, AccountKind.FUNDER_CREDIT: -wrong.amount},
    )


def _reverse_own_refund(movement: FundMovement, wrong: FundMovement, *, by: Any, at: datetime) -> None:
    _book(
        LedgerTransaction.Kind.REVERSAL, movement, by=by, at=at,
        legs={AccountKind.OWN_RECEIVED: wrong.amount, AccountKind.PERSON_RECEIVABLE: -wrong.amount},
    )


_BOOKED = {
    MovementKind.RECEIPT: _receive, MovementKind.WRITE_OFF: _write_off, MovementKind.PAYBACK: _pay_back,
    MovementKind.OWN_REFUND: _refund_own, MovementKind.REVERSAL: _reverse,
}
_REVERSED = {
    MovementKind.RECEIPT: _reverse_receipt, MovementKind.WRITE_OFF: _reverse_write_off,
    MovementKind.PAYBACK: _reverse_payback, MovementKind.OWN_REFUND: _reverse_own_refund,
}
#: Accounts that are a funder's own.
_OF_FUNDERS = (
    AccountKind.FUNDER_RECEIVABLE, AccountKind.FUNDER_RECEIVED, AccountKind.FUNDER_CREDIT, AccountKind.FUNDER_WRITTEN_OFF,
)


def _book(kind: str, movement: FundMovement, *, legs: dict[AccountKind, Decimal], by: Any, at: datetime) -> None:
    book(
        kind,
        [
            Leg(account, amount, funder_id=movement.funder_id if account in _OF_FUNDERS else None)
            for account, amount in legs.items()
        ],
        source=movement, program_id=movement.program_id, memo=movement.reference, by=by, at=at,
    )


def _funder(movement: FundMovement) -> int:
    assert movement.funder_id is not None
    return movement.funder_id


def _request(movement: FundMovement) -> FundRequest:
    """The movement's request, locked."""
    assert movement.request_id is not None
    return FundRequest.objects.select_for_update(of=("self",)).get(pk=movement.request_id)


def _reference(reference: str) -> str:
    reference = reference.strip()
    if not 0 < len(reference) <= REFERENCE_LENGTH or names_a_person(reference):
        raise SubsidyRefused("REFERENCE", characters=REFERENCE_LENGTH)
    return reference


def _reason(reason: str) -> str:
    if not reason.strip():
        raise SubsidyRefused("REASON")
    events.refuse_personal(reason)
    return reason.strip()


def _said(conflict: IntegrityError) -> Exception:
    """Somebody was faster: what the database refused, as the rules say it."""
    name = getattr(getattr(conflict.__cause__, "diag", None), "constraint_name", "")
    codes = {
        "fund_movement_reference_once": "REFERENCE_TAKEN", "fund_movement_reversed_once": "REVERSED_ALREADY",
        "fund_movement_own_refund_once": "REFUNDED_ALREADY",
    }
    return SubsidyRefused(codes[name]) if name in codes else conflict


def _record(verb: str, movement: FundMovement, *, by: Any, at: datetime, **data: Any) -> None:
    program = movement.program
    events.record(
        verb, movement, by=by, at=at, organization=program.organization, region_code=program.region_code,
        program_id=program.pk, data={"kind": str(movement.kind), "amount": str(movement.amount), **data},
    )
