"""Money held, used and released: whole or not at all, never by the order of lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from audit import events
from audit.faults import fault_point
from programs.actions.ledger import Leg, budget_legs, post
from programs.errors import BudgetRefused
from programs.models import Budget, BudgetReservation, BudgetReservationLine, LedgerTransaction, Period
from programs.models.ledger import AccountKind

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Demand:
    """What one group of people asks of one funder: yuan, and how many people."""

    funder_id: int
    county: str
    category_id: int
    amount: Decimal
    count: int


@dataclass(frozen=True)
class Allocation:
    """A demand and the budgets that carry it: (budget, yuan)."""

    demand: Demand
    parts: tuple[tuple[Budget, Decimal], ...]


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
    by: Any, at: datetime,
) -> tuple[list[BudgetReservation], list[tuple[str, int]]]:
    """Hold whole categories in the order of `priorities` (category ids) until the money ends.

    A category of a county is held for every funder it asks, or not at all. Returns what is held, and the
    (county, category) groups that are not.
    """
    with transaction.atomic():
        _refuse_second(owner)
        budgets = _locked_budgets(demands, program_id=program_id, period_id=period_id)
        rank = {category: place for place, category in enumerate(priorities)}
        groups: dict[tuple[str, int], list[Demand]] = defaultdict(list)
        for demand in demands:
            groups[demand.county, demand.category_id].append(demand)
        held: list[Allocation] = []
        left_out: list[tuple[str, int]] = []
        left = {budget.pk: budget.available for budget in budgets}
        for place in sorted(groups, key=lambda place: (rank.get(place[1], len(rank)), place)):
            trial = dict(left)
            allocations, short = allocate(groups[place], budgets, left=trial)
            if short:
                left_out.append(place)
            else:
                held += allocations
                left = trial
        return _hold(owner, held, program_id=program_id, period_id=period_id, by=by, at=at), left_out


def allocate(
    demands: Iterable[Demand], budgets: Sequence[Budget], *, left: dict[int, Decimal] | None = None
) -> tuple[list[Allocation], dict[int, Decimal]]:
    """Which budgets carry which demand, the most restricted first; and by funder the yuan that are missing.

    The order of the demands does not matter: they are taken by county and category.
    """
    left = {budget.pk: budget.available for budget in budgets} if left is None else left
    allocations: list[Allocation] = []
    short: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for demand in sorted(demands, key=lambda each: (each.funder_id, each.county, each.category_id)):
        wanted, parts = demand.amount, []
        for budget in sorted((each for each in budgets if fits(each, demand)), key=restriction):
            part = min(wanted, left[budget.pk])
            if part > 0:
                left[budget.pk] -= part
                wanted -= part
                parts.append((budget, part))
        if wanted:
            short[demand.funder_id] += wanted
        allocations.append(Allocation(demand, tuple(parts)))
    return allocations, dict(short)


def fits(budget: Budget, demand: Demand) -> bool:
    """Whether a budget may pay for a demand."""
    return (
        budget.funder_id == demand.funder_id
        and demand.county.startswith(budget.region_prefix)
        and budget.category_id in (None, demand.category_id)
    )


def restriction(budget: Budget) -> tuple[bool, int, str, int]:
    """Order of use: bound to a category, then to the smallest region, then by tranche."""
    return (budget.category_id is None, -len(budget.region_prefix), budget.label, budget.pk)


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
        BudgetReservation.objects.filter(
            owner_type=owner._meta.label_lower, owner_id=owner.pk, closed_at=None
        ).update(closed_at=at)
        if total:
            _move(changed)
            BudgetReservationLine.objects.bulk_update(lines, ["released"])
            post(
                LedgerTransaction.Kind.RELEASE, legs, program_id=lines[0].reservation.program_id, source=owner, by=by,
                at=at,
            )
        fault_point("programs.release.after")
    return total


def lapse_reservations(period: Period, *, by: Any, at: datetime) -> int:
    """At the close of enrollment give back everything still held for a period; how many owners."""
    if timezone.localdate(at) < period.enrollment_closes_on:
        return 0
    owners = list(
        BudgetReservation.objects.filter(period=period, closed_at=None).order_by("owner_type", "owner_id")
        .values_list("owner_type", "owner_id").distinct()
    )
    for owner_type, owner_id in owners:
        with transaction.atomic():
            released = release_reservation(_Owner.of(owner_type, owner_id, period.program_id), by=by, at=at)
            events.record(
                "budget.lapsed", period, by=by, at=at, organization=period.program.organization,
                region_code=period.program.region_code, program_id=period.program_id,
                data={"released": str(released), "number": owner_id},
            )
    return len(owners)


@dataclass(frozen=True)
class _Meta:
    label_lower: str


@dataclass(frozen=True)
class _Owner:
    """An owner by its plain reference: the room of its model lies above this one."""

    pk: int
    program_id: int
    _meta: _Meta

    @classmethod
    def of(cls, owner_type: str, owner_id: int, program_id: int) -> Any:
        """A stand-in with what a posting needs of its source."""
        return cls(owner_id, program_id, _Meta(owner_type))


def _refuse_second(owner: models.Model) -> None:
    if BudgetReservation.objects.filter(owner_type=owner._meta.label_lower, owner_id=owner.pk).exists():
        raise BudgetRefused("RESERVED_ALREADY")


def _locked_budgets(demands: Sequence[Demand], *, program_id: int, period_id: int) -> list[Budget]:
    """Every budget that may carry a part, locked in the order of ids."""
    found = list(
        Budget.objects.select_for_update(of=("self",)).select_related("funder")
        .filter(
            program_id=program_id, period_id=period_id, state=Budget.State.APPROVED,
            funder_id__in={demand.funder_id for demand in demands},
        )
        .order_by("pk")
    )
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


def _locked_lines(owner: models.Model) -> dict[tuple[int, str, int], list[BudgetReservationLine]]:
    """An owner's open lines by funder, county and category, locked in the order of ids, in the order of their use."""
    lines = list(
        BudgetReservationLine.objects.select_for_update(of=("self",))
        .select_related("reservation", "budget")
        .filter(
            reservation__owner_type=owner._meta.label_lower, reservation__owner_id=owner.pk,
            reservation__closed_at=None,
        )
        .order_by("pk")
    )
    fault_point("programs.lines.locked")
    groups: dict[tuple[int, str, int], list[BudgetReservationLine]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: restriction(line.budget)):
        held = line.reservation
        groups[held.funder_id, held.region_code, held.category_id].append(line)
    return groups
