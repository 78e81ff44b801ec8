"""Money held, used and released: whole or not at all, never by the order of lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet

from audit.faults import fault_point
from programs.actions.ledger import Leg, budget_legs, post
from programs.errors import BudgetRefused
from programs.models import Budget, BudgetReservation, BudgetReservationLine, LedgerTransaction
from programs.models.ledger import AccountKind
from programs.rules.allocation import ZERO, Allocation, Demand, Filled, Place, allocate, fill, restriction


def reserve(
    owner: models.Model, demands: Sequence[Demand], *, program_id: int, period_id: int, by: Any, at: datetime
) -> list[BudgetReservation]:
    """Hold everything that an owner asks, or refuse: BudgetRefused("BUDGET") names the first funder that lacks money."""
    with transaction.atomic():
        _refuse_second(owner)
        budgets = _locked_budgets(demands, program_id=program_id, period_id=period_id)
        allocations, short = allocate(demands, budgets)
        if short:
            _refuse_short(short, demands, budgets)
        return _hold(owner, allocations, program_id=program_id, period_id=period_id, by=by, at=at)


def reserve_by_priority(
    owner: models.Model, demands: Sequence[Demand], *, priorities: Sequence[int], program_id: int, period_id: int,
    by: Any, at: datetime, expected: Sequence[Place] | None = None,
) -> Filled:
    """Hold whole categories of counties in the order of `priorities` (category ids) as far as the money goes.

    `expected`: the groups that were to be left out when the approver looked; BudgetRefused("CHANGED") when the budgets
    have moved since. Refused as well when not even one group can be held.
    """
    with transaction.atomic():
        _refuse_second(owner)
        filled = fill(
            demands, _locked_budgets(demands, program_id=program_id, period_id=period_id), priorities=priorities
        )
        if expected is not None and set(expected) != set(filled.left_out):
            raise BudgetRefused("CHANGED")
        if filled.left_out and not filled.held:
            raise BudgetRefused("NOTHING_FITS")
        _hold(owner, filled.held, program_id=program_id, period_id=period_id, by=by, at=at)
    return filled


def use_reserved(
    owner: models.Model, used: Sequence[Demand], *, own_share: Decimal, people: int, by: Any, at: datetime
) -> LedgerTransaction:
    """Move what a chunk's enrollments cost from reserved to used, and book what funders and persons owe the insurer."""
    with transaction.atomic():
        lines = _locked_lines(owner)
        legs: list[Leg] = []
        changed: dict[int, tuple[Budget, Decimal]] = {}
        program_id = 0
        for demand in sorted(used, key=lambda each: (each.funder_id, each.county, each.category_id)):
            wanted = demand.amount
            for line in lines.get((demand.funder_id, demand.county, demand.category_id), []):
                program_id = line.reservation.program_id
                part = min(wanted, line.left)
                if part <= 0:
                    continue
                line.used += part
                wanted -= part
                budget = line.budget
                changed[budget.pk] = (budget, changed.get(budget.pk, (budget, ZERO))[1] + part)
                legs += budget_legs(AccountKind.BUDGET_RESERVED, AccountKind.BUDGET_USED, budget, part)
            if wanted:
                raise BudgetRefused("NOT_RESERVED", wanted=demand.amount, remaining=demand.amount - wanted)
            legs += [
                Leg(AccountKind.FUNDER_RECEIVABLE, demand.amount, funder_id=demand.funder_id),
                Leg(AccountKind.INSURER_PAYABLE, -demand.amount),
            ]
        if own_share:
            legs += [Leg(AccountKind.PERSON_RECEIVABLE, own_share), Leg(AccountKind.INSURER_PAYABLE, -own_share)]
        program_id = program_id or owner.program_id  # type: ignore[attr-defined]
        fault_point("programs.use_reserved.before")
        _move({budget_id: (budget, -part, part, ZERO) for budget_id, (budget, part) in changed.items()})
        BudgetReservationLine.objects.bulk_update([line for group in lines.values() for line in group], ["used"])
        booked = post(
            LedgerTransaction.Kind.USE, legs, program_id=program_id, source=owner, memo=str(people), by=by, at=at
        )
        fault_point("programs.use_reserved.after")
    return booked


def release_reservation(owner: models.Model, *, by: Any, at: datetime) -> Decimal:
    """Give back what an owner holds and did not use; yuan."""
    with transaction.atomic():
        lines = [line for group in _locked_lines(owner).values() for line in group]
        changed: dict[int, tuple[Budget, Decimal, Decimal, Decimal]] = {}
        legs: list[Leg] = []
        total = ZERO
        for line in lines:
            part = line.left
            if not part:
                continue
            line.released += part
            budget = line.budget
            before = changed.get(budget.pk, (budget, ZERO, ZERO, ZERO))
            changed[budget.pk] = (budget, before[1] - part, ZERO, before[3] + part)
            legs += budget_legs(AccountKind.BUDGET_RESERVED, AccountKind.BUDGET_AVAILABLE, budget, part)
            total += part
        fault_point("programs.release.before")
        _held_by(owner).filter(closed_at=None).update(closed_at=at)
        if total:
            _move(changed)
            BudgetReservationLine.objects.bulk_update(lines, ["released"])
            post(
                LedgerTransaction.Kind.RELEASE, legs, program_id=lines[0].reservation.program_id, source=owner, by=by,
                at=at,
            )
        fault_point("programs.release.after")
    return total


def give_back_used(
    owner: models.Model, lapsed: Sequence[Demand], *, own_share: Decimal, people: int, by: Any, at: datetime
) -> LedgerTransaction:
    """Give back the use of enrollments that lapsed before anybody paid."""
    return _give_back(
        owner, lapsed, kind=LedgerTransaction.Kind.LAPSE, own_share=own_share, people=people, by=by, at=at
    )


def take_back_used(
    owner: models.Model, undone: Sequence[Demand], *, own_share: Decimal, people: int, by: Any, at: datetime
) -> LedgerTransaction:
    """Give back the use of enrollments that were a mistake: whether somebody has paid does not matter."""
    return _give_back(owner, undone, kind=LedgerTransaction.Kind.UNDO, own_share=own_share, people=people, by=by, at=at)


def _give_back(
    owner: models.Model, given: Sequence[Demand], *, kind: str, own_share: Decimal, people: int, by: Any, at: datetime
) -> LedgerTransaction:
    """The reverse of `use_reserved`, as a posting of its own: from used back to available, nothing owed any more.

    What was used last, of the least restricted budget, comes back first. Whether the reservation is closed does not
    matter.
    """
    with transaction.atomic():
        lines = _locked_lines(owner, still_open=False)
        legs: list[Leg] = []
        changed: dict[int, tuple[Budget, Decimal]] = {}
        for demand in sorted(given, key=lambda each: (each.funder_id, each.county, each.category_id)):
            wanted = demand.amount
            for line in reversed(lines.get((demand.funder_id, demand.county, demand.category_id), [])):
                part = min(wanted, line.used)
                if part <= 0:
                    continue
                line.used -= part
                line.released += part
                wanted -= part
                budget = line.budget
                changed[budget.pk] = (budget, changed.get(budget.pk, (budget, ZERO))[1] + part)
                legs += budget_legs(AccountKind.BUDGET_USED, AccountKind.BUDGET_AVAILABLE, budget, part)
            if wanted:
                raise BudgetRefused("NOT_USED", wanted=demand.amount, remaining=demand.amount - wanted)
            legs += [
                Leg(AccountKind.INSURER_PAYABLE, demand.amount),
                Leg(AccountKind.FUNDER_RECEIVABLE, -demand.amount, funder_id=demand.funder_id),
            ]
        if own_share:
            legs += [Leg(AccountKind.INSURER_PAYABLE, own_share), Leg(AccountKind.PERSON_RECEIVABLE, -own_share)]
        fault_point("programs.give_back_used.before")
        _move({budget_id: (budget, ZERO, -part, part) for budget_id, (budget, part) in changed.items()})
        BudgetReservationLine.objects.bulk_update(
            [line for group in lines.values() for line in group], ["used", "released"]
        )
        booked = post(
            kind, legs, program_id=owner.program_id,  # type: ignore[attr-defined]
            source=owner, memo=str(people), by=by, at=at,
        )
        fault_point("programs.give_back_used.after")
    return booked


def has_lapsed(owner: models.Model) -> bool:
    """Whether what an owner held was given back: an import that is still under way enrolls nobody any more."""
    return _held_by(owner).exclude(closed_at=None).exists()


def _refuse_second(owner: models.Model) -> None:
    if _held_by(owner).exists():
        raise BudgetRefused("RESERVED_ALREADY")


def _held_by(owner: models.Model) -> QuerySet[BudgetReservation]:
    return BudgetReservation.objects.filter(owner_type=owner._meta.label_lower, owner_id=owner.pk)


def open_budgets(demands: Sequence[Demand], *, program_id: int, period_id: int) -> list[Budget]:
    """Every approved budget of the funders that are asked; to look at, nothing is locked."""
    return list(_budgets(demands, program_id=program_id, period_id=period_id))


def _budgets(demands: Sequence[Demand], *, program_id: int, period_id: int) -> QuerySet[Budget]:
    return (
        Budget.objects.select_related("funder")
        .filter(
            program_id=program_id, period_id=period_id, state=Budget.State.APPROVED,
            funder_id__in={demand.funder_id for demand in demands},
        )
        .order_by("pk")
    )


def _locked_budgets(demands: Sequence[Demand], *, program_id: int, period_id: int) -> list[Budget]:
    """Every budget that may carry a part, locked in the order of ids."""
    found = list(_budgets(demands, program_id=program_id, period_id=period_id).select_for_update(of=("self",)))
    fault_point("programs.reserve.locked")
    return found


def _refuse_short(short: dict[int, Decimal], demands: Sequence[Demand], budgets: Sequence[Budget]) -> None:
    funder_id = min(short)
    wanted = sum((demand.amount for demand in demands if demand.funder_id == funder_id), ZERO)
    own = [budget for budget in budgets if budget.funder_id == funder_id]
    name = own[0].funder.name if own else _funder_name(funder_id)
    raise BudgetRefused("BUDGET", funder=name, wanted=wanted, remaining=wanted - short[funder_id])


def _funder_name(funder_id: int) -> str:
    return str(Budget._meta.get_field("funder").related_model._default_manager.get(pk=funder_id))


def _hold(
    owner: models.Model, allocations: Sequence[Allocation], *, program_id: int, period_id: int, by: Any, at: datetime
) -> list[BudgetReservation]:
    reservations, lines, legs = [], [], []
    changed: dict[int, tuple[Budget, Decimal, Decimal, Decimal]] = {}
    for allocation in allocations:
        demand = allocation.demand
        held = BudgetReservation(
            owner_type=owner._meta.label_lower, owner_id=owner.pk, program_id=program_id, period_id=period_id,
            funder_id=demand.funder_id, region_code=demand.county, category_id=demand.category_id, people=demand.count,
            reserved_at=at,
        )
        reservations.append(held)
        for budget, part in allocation.parts:
            lines.append(BudgetReservationLine(reservation=held, budget=budget, reserved=part))
            legs += budget_legs(AccountKind.BUDGET_AVAILABLE, AccountKind.BUDGET_RESERVED, budget, part)
            before = changed.get(budget.pk, (budget, ZERO, ZERO, ZERO))
            changed[budget.pk] = (budget, before[1] + part, ZERO, ZERO)
    fault_point("programs.reserve.before")
    BudgetReservation.objects.bulk_create(reservations)
    BudgetReservationLine.objects.bulk_create(lines)
    _move(changed)
    if legs:
        post(LedgerTransaction.Kind.RESERVE, legs, program_id=program_id, source=owner, by=by, at=at)
    fault_point("programs.reserve.after")
    return reservations


def _move(changes: dict[int, tuple[Budget, Decimal, Decimal, Decimal]]) -> None:
    """Move (reserved, used, released) of budgets in the order of ids; the CHECK is the last guard."""
    for budget_id in sorted(changes):
        _budget, reserved, used, released = changes[budget_id]
        Budget.objects.filter(pk=budget_id).update(
            reserved=models.F("reserved") + reserved, used=models.F("used") + used,
            released=models.F("released") + released,
        )


def _locked_lines(
    owner: models.Model, *, still_open: bool = True
) -> dict[tuple[int, str, int], list[BudgetReservationLine]]:
    """An owner's lines by funder, county and category, locked in the order of ids, in the order of their use."""
    found = BudgetReservationLine.objects.filter(
        reservation__owner_type=owner._meta.label_lower, reservation__owner_id=owner.pk
    )
    if still_open:
        found = found.filter(reservation__closed_at=None)
    lines = list(
        found.select_for_update(of=("self",)).select_related("reservation", "budget").order_by("pk")
    )
    fault_point("programs.lines.locked")
    groups: dict[tuple[int, str, int], list[BudgetReservationLine]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: restriction(line.budget)):
        held = line.reservation
        groups[held.funder_id, held.region_code, held.category_id].append(line)
    return groups
