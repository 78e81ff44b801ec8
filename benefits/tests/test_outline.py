"""A plan in words, and two of them compared: everything that decides is told, and nothing else is a difference."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from benefits import editing, plan_file
from benefits.outline import Change, changes, outline
from benefits.terms import Band, PlanTerms, fixed
from benefits.tests import generate
from benefits.tests.cases import expense, paid, spent, yuan
from benefits.tests.cases import terms as plan_of

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "plans"


def terms(code: str) -> PlanTerms:
    return plan_file.load_path(FIXTURES / f"{code}.yaml")


def changed(plan: PlanTerms, place: str, value: object) -> PlanTerms:
    return plan_file.terms_of(editing.replaced(plan_file.data_of(plan), place, value))


def test_a_responsibility_is_told_with_its_scope_deductible_bands_and_limits() -> None:
    section = outline(terms("weifang"))[1]
    assert (section.code, section.title, section.kind) == ("in_catalogue", "医保目录内自付费用", "费用补偿")
    assert section.facts == (("保障范围", "医保目录内自付"), ("免赔额", "年度18,000元"), ("分段起算", "从第一元起算"))
    assert section.bands == (("0–100,000元", "65%"), ("100,000元以上", "80%"))
    assert section.unknown == (("限额", "限额"),)


def test_circumstances_are_told_in_their_order_and_whoever_is_left_are_the_others() -> None:
    section = outline(terms("shanghai-2022"))[1]
    assert section.bands == (("全部", "既往症：30%；其他：70%"),)
    assert outline(terms("shanghai-2022"), "en")[1].bands == (("all of it", "pre-existing: 30%; others: 70%"),)


def test_what_differs_is_said_with_before_and_after() -> None:
    later = changed(terms("weifang"), "responsibilities[0].deductible", 16000)
    assert changes(terms("weifang"), later) == [Change("医保目录内自付费用", "免赔额", "年度18,000元", "年度16,000元")]


def test_a_responsibility_that_came_or_went_is_told_whole_and_another_order_too() -> None:
    before = terms("weifang")
    parts = before.responsibilities
    found = changes(before, replace(before, responsibilities=(parts[2], parts[0])))
    assert ("理算顺序", "医保目录内自付费用、特定药品费用", "特定药品费用、医保目录内自付费用") in [
        (each.label, each.before, each.after) for each in found
    ]
    gone = [each for each in found if each.section == "医保目录外药品费用"]
    assert gone and all(each.after == "" for each in gone)


@pytest.mark.parametrize("seed", range(40))
def test_of_any_two_plans_the_words_differ_where_the_terms_do_and_a_plan_does_not_differ_from_itself(seed: int) -> None:
    chance = Random(seed)
    plan = generate.plan(chance)
    assert changes(plan, plan) == []
    position = chance.randrange(len(plan.responsibilities))
    part = plan.responsibilities[position]
    ratio = Decimal("0.123") if part.bands[0].ratio[0].value != Decimal("0.123") else Decimal("0.124")  # type: ignore[attr-defined]
    rows = (replace(part.bands[0].ratio[0], value=ratio), *part.bands[0].ratio[1:])  # type: ignore[attr-defined]
    bands = (replace(part.bands[0], ratio=rows), *part.bands[1:])  # type: ignore[attr-defined]
    other = replace(plan, responsibilities=tuple(
        replace(each, bands=bands) if at == position else each for at, each in enumerate(plan.responsibilities)  # type: ignore[call-arg]
    ))
    found = changes(plan, other)
    assert found and {each.section for each in found} == {part.name.zh}


@pytest.mark.parametrize(("band", "before", "after"), [
    (Band(fixed("0.5"), yuan(5_000)), 2_000, 2_500), (Band(fixed("0.5"), yuan(0), yuan(5_000)), 2_500, 2_000),
])
def test_a_single_band_that_begins_or_ends_says_from_where_it_counts(band: Band, before: int, after: int) -> None:
    first, second = (
        plan_of(expense(bands=(band,), deductible=fixed(1_000), bands_counted=way))
        for way in ("after_deductible", "before_deductible")
    )
    case = spent("self_pay", 10_000)
    assert (paid(case, first), paid(case, second)) == (yuan(before), yuan(after))
    assert changes(first, second) == [Change("medical", "分段起算", "从免赔额以上起算", "从第一元起算")]


def test_from_where_one_band_counts_that_holds_everything_is_no_difference_and_pays_the_same() -> None:
    first, second = (
        plan_of(expense(deductible=fixed(1_000), bands_counted=way)) for way in ("after_deductible", "before_deductible")
    )
    assert paid(spent("self_pay", 10_000), first) == paid(spent("self_pay", 10_000), second) == yuan(6_300)
    assert changes(first, second) == []
