"""Which budgets carry which demand: the most restricted first, whole groups, never by the order of lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from programs.models import Budget

ZERO = Decimal("0.00")
#: A county and a category id: the smallest group that is paid for whole or not at all.
Place = tuple[str, int]


@dataclass(frozen=True)
class Demand:
    """What one group of people asks of one funder: yuan, and how many people."""

    funder_id: int
    county: str
    category_id: int
    amount: Decimal
    count: int

    @property
    def place(self) -> Place:
        """The group."""
        return self.county, self.category_id


@dataclass(frozen=True)
class Allocation:
    """A demand and the budgets that carry it: (budget, yuan)."""

    demand: Demand
    parts: tuple[tuple[Budget, Decimal], ...]


@dataclass(frozen=True)
class Filled:
    """What a filling by priority gives: the allocations held, and the groups left out in the order of their priority."""

    held: tuple[Allocation, ...]
    left_out: tuple[Place, ...]

    @property
    def taken(self) -> tuple[Place, ...]:
        """The groups that are held, each once."""
        return tuple(dict.fromkeys(allocation.demand.place for allocation in self.held))


def allocate(
    demands: Iterable[Demand], budgets: Sequence[Budget], *, left: dict[int, Decimal] | None = None
) -> tuple[list[Allocation], dict[int, Decimal]]:
    """Which budgets carry which demand, the most restricted first; and by funder the yuan that are missing.

    The order of the demands does not matter: they are taken by county and category. `left` is what each budget still
    has, and is drawn down.
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


def fill(demands: Iterable[Demand], budgets: Sequence[Budget], *, priorities: Sequence[int]) -> Filled:
    """Whole groups in the order of `priorities` (category ids), those of one category by county.

    A group is held for every funder that it asks, or left out. The money that a group left out could have drawn on is
    kept from categories of lower priority, so that none of them overtakes it; other counties of its own category may
    still have it.
    """
    rank = {category: place for place, category in enumerate(priorities)}
    groups: dict[Place, list[Demand]] = defaultdict(list)
    for demand in demands:
        groups[demand.place].append(demand)
    left = {budget.pk: budget.available for budget in budgets}
    held: list[Allocation] = []
    left_out: list[Place] = []

    def order(place: Place) -> tuple[int, int]:
        return rank.get(place[1], len(rank)), place[1]

    for _category, places in groupby(sorted(groups, key=lambda place: (order(place), place)), key=order):
        kept: set[int] = set()
        for place in places:
            trial = dict(left)
            allocations, short = allocate(groups[place], budgets, left=trial)
            if not short:
                held += allocations
                left = trial
                continue
            left_out.append(place)
            lacking = [demand for demand in groups[place] if demand.funder_id in short]
            kept |= {budget.pk for budget in budgets if any(fits(budget, demand) for demand in lacking)}
        left.update(dict.fromkeys(kept, ZERO))
    return Filled(tuple(held), tuple(left_out))


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
