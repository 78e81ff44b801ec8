"""Which budgets carry which demand, as tables of cases; no database."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs.models import Budget
from programs.rules.allocation import Demand, allocate, fill

D = Decimal
FOUNDATION, COUNTY = 9, 5
TEKUN, DIBAO, JIANCE = 1, 2, 3


def budget(number: int, granted: str, *, funder: int = FOUNDATION, region: str = "", category: int | None = None) -> Budget:
    return Budget(
        pk=number, funder_id=funder, granted=D(granted), reserved=D(0), used=D(0), state="approved",
        region_prefix=region, category_id=category, label=f"第{number}批",
    )


def demand(amount: str, *, funder: int = FOUNDATION, county: str = "441602", category: int = DIBAO) -> Demand:
    return Demand(funder, county, category, D(amount), 1)


def parts(allocations: Any) -> list[list[tuple[int, Decimal]]]:
    return [[(carrier.pk, amount) for carrier, amount in each.parts] for each in allocations]


def test_the_most_restricted_budget_is_used_first() -> None:
    budgets = [
        budget(1, "100.00"), budget(2, "20.00", region="4416"), budget(3, "10.00", region="441602"),
        budget(4, "5.00", category=DIBAO), budget(5, "99.00", category=TEKUN), budget(6, "99.00", region="4417"),
        budget(7, "99.00", funder=COUNTY),
    ]
    allocations, short = allocate([demand("40.00")], budgets)
    assert parts(allocations) == [[(4, D("5.00")), (3, D("10.00")), (2, D("20.00")), (1, D("5.00"))]]
    assert short == {}


def test_what_is_missing_is_told_by_funder_to_the_fen() -> None:
    budgets = [budget(1, "68.98"), budget(2, "100.00", funder=COUNTY)]
    allocations, short = allocate([demand("68.99"), demand("30.00", funder=COUNTY)], budgets)
    assert short == {FOUNDATION: D("0.01")}
    assert parts(allocations) == [[(2, D("30.00"))], [(1, D("68.98"))]]


def test_drafts_and_closed_budgets_carry_nothing() -> None:
    for state in ("draft", "closed"):
        idle = budget(1, "100.00")
        idle.state = state
        assert allocate([demand("1.00")], [idle])[1] == {FOUNDATION: D("1.00")}


def test_the_order_of_the_demands_changes_nothing() -> None:
    budgets = [budget(1, "50.00"), budget(2, "15.00", region="441602")]
    demands = [demand("20.00"), demand("20.00", county="441621"), demand("10.00", category=TEKUN)]
    wanted = allocate(demands, budgets)
    assert all(allocate(order, budgets) == wanted for order in permutations(demands))


def test_a_category_left_out_is_not_overtaken_by_a_lesser_one() -> None:
    demands = [demand("10.00", category=TEKUN), demand("80.00"), demand("5.00", category=JIANCE)]
    found = fill(demands, [budget(1, "60.00")], priorities=[TEKUN, DIBAO, JIANCE])
    assert found.taken == (("441602", TEKUN),)
    assert found.left_out == (("441602", DIBAO), ("441602", JIANCE))


def test_money_bound_to_the_lesser_category_is_not_kept_from_it() -> None:
    demands = [demand("80.00"), demand("5.00", category=JIANCE)]
    budgets = [budget(1, "60.00"), budget(2, "5.00", category=JIANCE)]
    found = fill(demands, budgets, priorities=[TEKUN, DIBAO, JIANCE])
    assert (found.taken, found.left_out) == ((("441602", JIANCE),), (("441602", DIBAO),))


def test_another_county_of_the_same_category_may_have_what_the_first_could_not_use() -> None:
    demands = [demand("80.00"), demand("60.00", county="441621"), demand("1.00", county="441621", category=JIANCE)]
    found = fill(demands, [budget(1, "60.00")], priorities=[DIBAO, JIANCE])
    assert (found.taken, found.left_out) == ((("441621", DIBAO),), (("441602", DIBAO), ("441621", JIANCE)))


def test_a_county_without_money_does_not_keep_the_foundations_from_others() -> None:
    demands = [
        demand("68.99"), demand("30.00", funder=COUNTY), demand("68.99", county="441621", category=JIANCE),
    ]
    found = fill(demands, [budget(1, "100.00"), budget(2, "29.99", funder=COUNTY)], priorities=[DIBAO, JIANCE])
    assert (found.taken, found.left_out) == ((("441621", JIANCE),), (("441602", DIBAO),))


def test_a_group_is_held_for_all_its_funders_or_for_none() -> None:
    demands = [demand("68.99"), demand("30.00", funder=COUNTY)]
    found = fill(demands, [budget(1, "100.00"), budget(2, "29.99", funder=COUNTY)], priorities=[DIBAO])
    assert (found.held, found.left_out) == ((), (("441602", DIBAO),))


AMOUNTS = st.integers(1, 5_000).map(lambda fen: D(fen) / 100)
DEMANDS = st.lists(
    st.builds(
        Demand, st.sampled_from([FOUNDATION, COUNTY]), st.sampled_from(["441602", "441621"]),
        st.sampled_from([TEKUN, DIBAO, JIANCE]), AMOUNTS, st.just(1),
    ),
    max_size=8, unique_by=lambda each: (each.funder_id, each.county, each.category_id),
)


@settings(max_examples=300, deadline=None)
@given(DEMANDS, st.lists(AMOUNTS, min_size=4, max_size=4), st.randoms(use_true_random=False))
def test_filling_never_overdraws_never_splits_a_group_and_never_asks_for_the_order(
    demands: list[Demand], grants: list[Decimal], random: Any
) -> None:
    budgets = [
        budget(1, str(grants[0])), budget(2, str(grants[1]), region="441602"),
        budget(3, str(grants[2]), category=DIBAO), budget(4, str(grants[3]), funder=COUNTY),
    ]
    found = fill(demands, budgets, priorities=[TEKUN, DIBAO, JIANCE])
    drawn = dict.fromkeys((each.pk for each in budgets), D(0))
    for allocation in found.held:
        assert sum((amount for _carrier, amount in allocation.parts), D(0)) == allocation.demand.amount
        for carrier, amount in allocation.parts:
            drawn[carrier.pk] += amount
    assert all(drawn[each.pk] <= each.granted for each in budgets)
    places = {each.place for each in demands}
    assert set(found.taken) | set(found.left_out) == places
    assert not set(found.taken) & set(found.left_out)
    assert sorted(each.demand.amount for each in found.held) == sorted(
        each.amount for each in demands if each.place in found.taken
    )
    shuffled = list(demands)
    random.shuffle(shuffled)
    assert fill(shuffled, budgets, priorities=[TEKUN, DIBAO, JIANCE]) == found
    if not found.left_out:
        return
    assert allocate(demands, budgets)[1] != {}


@pytest.mark.parametrize(
    ("reserved", "used", "alarm"),
    [
        ("0.00", "0.00", ""), ("40.00", "39.99", ""), ("40.00", "40.00", "warning"), ("0.00", "94.99", "warning"),
        ("95.00", "0.00", "alarm"), ("0.00", "99.99", "alarm"), ("50.00", "50.00", "full"),
    ],
)
def test_a_budget_warns_from_80_and_95_percent_and_is_full_at_100(reserved: str, used: str, alarm: str) -> None:
    found = budget(1, "100.00")
    found.reserved, found.used = D(reserved), D(used)
    assert found.alarm == alarm
