"""The curve of what is paid against the bill."""

from __future__ import annotations

from itertools import pairwise

import pytest

from benefits.curve import curve
from benefits.facts import Bill, Facts, Insured
from benefits.terms import Band, Limit, fixed
from benefits.tests.cases import bill, expense, line, plan, spent, terms, yuan
from benefits.usage import Usage


def kinks(points: list[tuple[object, ...]]) -> list[tuple[object, object]]:
    """Bill and payment of the kinks."""
    return [(point[0], point[1]) for point in points if point[2]]


def test_weifang_bends_at_its_deductible_and_at_its_band() -> None:
    points = curve(plan("weifang"), kind="self_pay", up_to=yuan(200_000), steps=4)
    assert [(point.bill, point.paid) for point in points] == [
        (yuan(0), yuan(0)), (yuan(18_000), yuan(0)), (yuan(50_000), yuan(20_800)), (yuan(100_000), yuan(53_300)),
        (yuan(150_000), yuan(93_300)), (yuan(200_000), yuan(133_300)),
    ]
    assert kinks(points) == [(yuan(18_000), yuan(0)), (yuan(100_000), yuan(53_300))]


def test_the_bill_at_which_the_limit_is_reached_is_a_kink() -> None:
    points = curve(terms(expense(deductible=fixed(300), limits=(Limit(fixed(700)),))), kind="self_pay", up_to=yuan(5_000), steps=1)
    assert [(point.bill, point.paid, point.kink) for point in points] == [
        (yuan(0), yuan(0), False), (yuan(300), yuan(0), True), (yuan(1_300), yuan(700), True), (yuan(5_000), yuan(700), False),
    ]


def test_kinks_move_with_what_was_used_before() -> None:
    used = Usage({"deductible:in_catalogue": yuan(18_000), "base:in_catalogue": yuan(60_000)})
    points = curve(plan("weifang"), kind="self_pay", up_to=yuan(100_000), steps=1, used_before=used)
    assert kinks(points) == [(yuan(40_000), yuan(26_000))]


def test_a_curve_looks_at_the_person_and_what_was_used() -> None:
    case = spent("special_drug", 1, health_class="pre_existing", claim_free_years=3)
    used = Usage({"deductible:out_of_catalogue": yuan(5_000)})
    points = curve(plan("beijing-2025"), kind="out_of_catalogue", up_to=yuan(60_000), steps=1, of=case, used_before=used)
    # 15,000 less 5,000 used, 35 %.
    assert (points[-1].bill, points[-1].paid) == (yuan(60_000), yuan(17_500))


def test_a_curve_keeps_the_lists_and_circumstances_of_the_first_bill() -> None:
    case = Facts(Insured(age=40), bills=(bill(line("special_drug", 5), setting="outpatient"),))
    assert curve(plan("chengdu-2023"), kind="special_drug", up_to=yuan(100), steps=1, of=case)[-1].paid == yuan(75)
    bare = Facts(Insured(age=40), bills=(Bill(),))
    assert curve(plan("chengdu-2023"), kind="special_drug", up_to=yuan(100), steps=1, of=bare)[-1].paid == yuan(0)


def test_a_curve_never_falls() -> None:
    points = curve(terms(expense(bands=(Band(fixed("0.3"), yuan(0), yuan(77)), Band(fixed("0.9"), yuan(77))))), kind="self_pay",
                   up_to=yuan(1_000), steps=37)
    assert all(one.paid <= two.paid for one, two in pairwise(points))
    assert len(points) == 39


@pytest.mark.parametrize(("up_to", "steps"), [(0, 5), (100, 0), (10**9, 5)])
def test_a_curve_without_extent_is_refused(up_to: int, steps: int) -> None:
    with pytest.raises(ValueError, match="a curve needs a step and an end above zero"):
        curve(plan("weifang"), kind="self_pay", up_to=yuan(up_to), steps=steps)
