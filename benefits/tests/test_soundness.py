"""What an editor is told to look at: gaps, limits never reached, kinds counted twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from benefits import soundness
from benefits.terms import Band, Death, Limit, Row, SharedDeductible, SharedLimit, Unknown, When, Words, fixed
from benefits.tests.cases import bill, expense, facts, line, paid, terms, yuan


def band(start: int, end: int | None = None) -> Band:
    """A band at a half."""
    return Band(fixed("0.5"), yuan(start), None if end is None else yuan(end))


@pytest.mark.parametrize(("bands", "expected"), [
    ([band(0)], []),
    ([band(0, 100), band(100, 200), band(200)], []),
    ([band(0, 100), band(150)], ["bands[1].from: nothing is paid from 100 to 150: no band holds it"]),
    ([band(50)], ["bands[0].from: nothing is paid from 0 to 50: no band holds it"]),
    ([band(0, 100)], ["bands[0].to: nothing is paid from 100 to ∞: no band holds it"]),
    ([band(10, 100), band(100, 200)], [
        "bands[0].from: nothing is paid from 0 to 10: no band holds it",
        "bands[1].to: nothing is paid from 200 to ∞: no band holds it",
    ]),
    ([], []),
])
def test_gaps_between_bands_are_named(bands: list[Band], expected: list[str]) -> None:
    assert [problem.say() for problem in soundness.band_gaps(bands, "bands")] == expected


@pytest.mark.parametrize(("bands", "expected"), [
    ([band(0, 100), band(100)], []),
    ([band(0, 100), band(99)], ["bands[1].from: from 99 lies below the end of the band above it, 100"]),
    ([band(0), band(100)], ["bands[1]: the band above it has no end, so this one is never reached"]),
    ([band(100, 200), band(0, 100)], ["bands[1].from: from 0 lies before the band above it, from 100"]),
    ([band(5, 5)], ["bands[0].to: to 5 is not above from 5"]),
])
def test_overlaps_of_bands_are_faults(bands: list[Band], expected: list[str]) -> None:
    assert [problem.say() for problem in soundness.band_faults(bands, "bands")] == expected


@pytest.mark.parametrize(("more", "plan", "expected"), [
    ({"limits": (Limit(fixed(5)),)}, {}, []),
    ({}, {}, ["responsibilities[0]: it has no limit"]),
    ({"limits": (Limit(fixed(500)),), "shared_limits": ("total",)}, {"limits": (SharedLimit("total", fixed(100)),)},
     ["responsibilities[0].limits[0].amount: 500 is above the shared limit total, 100: never reached"]),
    ({"limits": (Limit(fixed(5)),), "unknown": (Unknown("deductible", Words("免赔额")),)}, {},
     ["responsibilities[0].unknown[0]: deductible is unknown: this responsibility cannot be decided"]),
    ({"limits": (Limit(fixed(5)),), "unknown": (Unknown("limit", Words("限额")),)}, {}, []),
    ({"limits": (Limit(fixed(5)),), "unknown": (Unknown("settings", Words("就医方式")),)}, {},
     ["responsibilities[0].unknown[0]: unknown: kinds of care; cases are decided as if there were none"]),
    ({"limits": (Limit(fixed(5)),)}, {"unknown": (Unknown("lists", Words("清单")), Unknown("exclusions", Words("免责")))},
     ["unknown[1]: unknown: exclusions; cases are decided as if there were none"]),
])
def test_doubts_of_a_responsibility(more: dict[str, Any], plan: dict[str, Any], expected: list[str]) -> None:
    built = terms(expense(**more), **plan)
    assert soundness.faults(built) == []
    assert [problem.say() for problem in soundness.doubts(built)] == expected


def test_a_kind_that_two_responsibilities_count_is_named_unless_the_second_counts_the_remainder() -> None:
    limit = (Limit(fixed(5)),)
    twice = terms(expense("one", limits=limit), expense("two", limits=limit))
    assert [problem.say("zh") for problem in soundness.doubts(twice)] == [
        "responsibilities[1].counts[0]：self_pay已由one先行计入，本责任只能计入其不受理的部分",
    ]
    assert soundness.doubts(terms(expense("one", limits=limit), expense("two", limits=limit, of_remainder=True))) == []


def test_a_row_for_one_age_alone_is_sound_and_an_empty_range_is_not() -> None:
    def with_ages(lowest: int, highest: int) -> list[str]:
        ratio = (Row(Decimal("0.9"), When(age_from=lowest, age_to=highest)), Row(Decimal("0.5")))
        return [problem.say() for problem in soundness.faults(terms(expense(bands=(Band(ratio),))))]

    assert with_ages(6, 6) == []
    assert with_ages(7, 6) == ["responsibilities[0].ratio[0].age_from: 7 is above 6"]


@pytest.mark.parametrize(("wide", "narrow", "covered"), [
    (When(continuity_from=1), When(continuity_from=3), True), (When(continuity_from=3), When(continuity_from=1), False),
    (When(claim_free_from=2), When(claim_free_from=3, settled=True), True), (When(claim_free_from=2), When(settled=True), False),
    (When(age_from=0, age_to=20), When(age_from=10, age_to=15), True), (When(age_to=20), When(age_from=10, age_to=20), True),
    (When(age_from=0, age_to=20), When(age_from=10, age_to=21), False), (When(age_from=18), When(age_to=60), False),
    (When(age_from=18), When(age_from=18), True), (When(age_from=18), When(age_from=17), False),
    (When(age_from=0), When(age_to=17), True), (When(age_to=17), When(age_from=10), False),
    # Who is of unknown age meets no row that states ages.
    (When(age_from=0), When(health_class="healthy"), False),
    (When(health_class="healthy"), When(health_class="healthy", locality="abroad"), True),
    (When(health_class="healthy"), When(health_class="pre_existing", locality="abroad"), False),
    (When(health_class="healthy"), When(locality="abroad"), False),
    (When(settled=False), When(settled=False, age_from=60), True), (When(settled=False), When(settled=True), False),
    (When(locality="abroad", continuity_from=1), When(locality="abroad", continuity_from=1, age_from=3), True),
    (When(locality="abroad", continuity_from=1), When(locality="abroad", age_from=3), False),
])
def test_a_row_below_a_wider_one_is_never_reached(wide: When, narrow: When, covered: bool) -> None:
    rows = (When(locality="local"), wide, narrow, When())
    table = tuple(Row(Decimal(value).scaleb(-1), when) for value, when in zip((9, 8, 7, 5), rows, strict=True))
    found = [problem.say() for problem in soundness.rows_covered(table, "ratio")]
    assert found == ["ratio[2]: row 2 above it holds wherever this one does, so this one is never reached"] * covered


def test_a_row_never_reached_is_a_doubt_wherever_the_table_stands_and_the_plan_stays_readable() -> None:
    table = (Row(Decimal("0.9"), When(continuity_from=1)), Row(Decimal("0.8"), When(continuity_from=3)), Row(Decimal("0.5")))
    part = expense(bands=(Band(table),), deductible=table, limits=(Limit(table),))
    built = terms(
        part, Death(code="death", name=Words("身故"), amount=table, cap_over_policies=table[:2]),
        limits=(SharedLimit("total", table),), deductibles=(SharedDeductible("yearly", table),),
    )
    assert soundness.faults(built) == []
    assert [problem.place for problem in soundness.doubts(built) if problem.code == "row_unreachable"] == [
        "deductibles[0].amount[1]", "limits[0].amount[1]", "responsibilities[0].limits[0].amount[1]",
        "responsibilities[0].deductible[1]", "responsibilities[0].ratio[1]", "responsibilities[1].amount[1]",
        "responsibilities[1].cap_over_policies[1]",
    ]
    assert soundness.doubts(built)[0].say("zh") == "deductibles[0].amount[1]：第1行已包含本行的全部情形，本行不起作用"


def test_crossed_shared_limits_can_pay_less_for_a_dearer_bill_and_are_named() -> None:
    whole = (Band(fixed(1)),)
    crossed = terms(
        expense("both", shared_limits=("one", "two"), bands=whole),
        expense("left", counts=("device",), shared_limits=("one",), bands=whole),
        expense("right", counts=("special_drug",), shared_limits=("two",), bands=whole),
        limits=(SharedLimit("one", fixed(100)), SharedLimit("two", fixed(100))),
    )
    cheaper, dearer = (
        facts(bill(line("self_pay", amount), line("device", 100), line("special_drug", 100))) for amount in (0, 50)
    )
    assert (paid(cheaper, crossed), paid(dearer, crossed)) == (yuan(200), yuan(150))
    assert [problem.say() for problem in soundness.doubts(crossed)] == [
        "responsibilities[0].shared_limits: it uses the shared limits one and two, left and right one each: "
        "a dearer bill may pay less in all",
    ]


def test_amounts_are_shown_as_they_are_written() -> None:
    bands = [Band(fixed(1), Decimal(0), Decimal("1E+5")), Band(fixed(1), Decimal("100000.50"))]
    assert soundness.band_gaps(bands, "b")[0].say() == "b[1].from: nothing is paid from 100000 to 100000.5: no band holds it"
