"""Lump sums, allowances, death and disability."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from benefits.decide import Decision, decide
from benefits.facts import Cover, Event, Facts, Insured
from benefits.fixed import grade_of
from benefits.terms import (
    Allowance,
    Death,
    Disability,
    Exclusion,
    Limit,
    LumpSum,
    Row,
    SharedLimit,
    Unknown,
    When,
    Words,
    fixed,
)
from benefits.tests.cases import YEAR, bill, codes, facts, line, moment, plan, terms, yuan
from benefits.usage import NOTHING_USED, Usage

SHIFT = Cover(moment(2025, 5, 30, 6), moment(2025, 5, 31, 1, 30))
ACCIDENT = Event(code="A1", kind="accident", at=moment(2025, 5, 30, 9))
DAY_COVER = plan("day-cover-example")


def accident(*bills: Any, used: Usage = NOTHING_USED, age: int = 30, **event: Any) -> Decision:
    """The decision of an accident under the example day cover."""
    case = Facts(Insured(age=age, occupation_class=3), SHIFT, replace(ACCIDENT, **event), bills)
    return decide(case, DAY_COVER, used)


@pytest.mark.parametrize(("injuries", "several", "grade"), [
    ((8,), "worst_raised", 8), ((8, 8), "worst_raised", 7), ((8, 8, 8), "worst_raised", 7), ((8, 7), "worst_raised", 7),
    ((7, 8, 8), "worst_raised", 7), ((1, 1), "worst_raised", 1), ((8, 8), "worst", 8), ((10, 10), "worst_raised", 9),
])
def test_several_injuries_give_the_worst_grade_raised_by_equal_worst_ones(
    injuries: tuple[int, ...], several: str, grade: int
) -> None:
    assert grade_of(injuries, several=several) == grade


@pytest.mark.parametrize(("grade", "pays"), [(1, 500_000), (5, 300_000), (8, 150_000), (10, 50_000)])
def test_each_grade_pays_a_tenth_less(grade: int, pays: int) -> None:
    assert accident(injuries=(grade,)).amount == yuan(pays)


def test_injuries_of_one_event_assessed_later_are_graded_together_and_the_first_payment_deducted() -> None:
    first = accident(injuries=(8,))
    second = accident(injuries=(8, 8), used=first.usage)
    assert (first.amount, second.amount) == (yuan(150_000), yuan(50_000))


def test_disability_over_events_never_pays_more_than_the_sum_insured() -> None:
    first = accident(injuries=(2,))
    second = accident(injuries=(3,), code="A2", used=first.usage)
    assert (first.amount, second.amount) == (yuan(450_000), yuan(50_000))
    step = next(step for step in second.trace.steps if step.rule == "limit")
    assert (step.inputs["limit"], step.inputs["used"], step.inputs["amount"], step.result) == (
        yuan(500_000), yuan(450_000), yuan(400_000), yuan(50_000),
    )
    assert accident(injuries=(10,), code="A3", used=second.usage).amount == yuan(0)


def test_paid_disability_is_deducted_from_death() -> None:
    disabled = accident(injuries=(5,))
    died = accident(died_on=date(2025, 7, 1), used=disabled.usage)
    assert (disabled.amount, died.amount) == (yuan(300_000), yuan(200_000))
    step = next(step for step in died.trace.steps if step.rule == "less_paid")
    assert (step.inputs["other"], step.inputs["paid"], step.result) == ("disability", yuan(300_000), yuan(200_000))


def test_disability_and_death_in_one_case_pay_the_sum_insured_together() -> None:
    decision = accident(injuries=(5,), died_on=date(2025, 7, 1))
    assert [(one.code, one.amount) for one in decision.benefits] == [("disability", yuan(300_000)), ("death", yuan(200_000))]


def test_death_is_paid_once_and_only_within_180_days() -> None:
    died = accident(died_on=date(2025, 11, 26))
    assert died.amount == yuan(500_000)
    assert accident(died_on=date(2025, 11, 26), used=died.usage).amount == yuan(0)
    late = accident(died_on=date(2025, 11, 27))
    assert (late.amount, codes(late)) == (yuan(0), ["TOO_LATE"])


@pytest.mark.parametrize(("age", "elsewhere", "pays"), [
    (9, 0, 200_000), (9, 150_000, 50_000), (9, 200_000, 0), (10, 0, 500_000), (17, 100_000, 400_000), (18, 900_000, 500_000),
])
def test_a_minors_death_cover_is_capped_over_all_policies(age: int, elsewhere: int, pays: int) -> None:
    decision = accident(died_on=date(2025, 6, 1), age=age, death_paid_elsewhere=yuan(elsewhere))
    assert decision.amount == yuan(pays)


def test_the_minors_age_is_that_on_the_day_of_death() -> None:
    insured = Insured(birth_on=date(2015, 6, 1), occupation_class=1)
    before, after = (
        decide(Facts(insured, SHIFT, replace(ACCIDENT, died_on=day)), DAY_COVER).amount
        for day in (date(2025, 5, 31), date(2025, 6, 1))
    )
    assert (before, after) == (yuan(200_000), yuan(500_000))


def test_an_unknown_age_is_said_where_a_minors_cap_hangs_on_it() -> None:
    decision = decide(Facts(Insured(occupation_class=1), SHIFT, replace(ACCIDENT, died_on=date(2025, 6, 1))), DAY_COVER)
    assert (decision.amount, decision.assumed) == (yuan(500_000), ("age",))


def test_an_illness_or_an_accident_outside_the_shift_pays_no_disability() -> None:
    sick = accident(kind="illness", injuries=(5,))
    assert (sick.amount, codes(sick)) == (yuan(0), ["OTHER_EVENT"])
    late = accident(at=moment(2025, 5, 31, 1, 30), injuries=(5,))
    assert (late.amount, codes(late)) == (yuan(0), ["AFTER_COVER"])


def test_the_plans_exclusion_holds_for_the_event_and_its_bills() -> None:
    decision = accident(
        bill(line("self_pay", 500)), injuries=(5,), died_on=date(2025, 6, 1), tags=frozenset({"drunk_driving"}),
    )
    assert decision.amount == yuan(0)
    assert [(one.code, one.responsibility) for one in decision.refusals] == [
        ("EXCLUDED", ""), ("EXCLUDED", "disability"), ("EXCLUDED", "death"),
    ]


def test_a_wrong_class_of_work_reduces_the_sum_by_the_premium_ratio() -> None:
    insured = Insured(age=30, occupation_class=5, premium_paid=yuan("1.50"), premium_due=yuan(5))
    decision = decide(Facts(insured, SHIFT, replace(ACCIDENT, injuries=(8,))), DAY_COVER)
    assert decision.amount == yuan(45_000)


WRONG_CLASS = Insured(age=30, occupation_class=5, premium_paid=yuan("1.50"), premium_due=yuan(5))


def wrong_class(used: Usage = NOTHING_USED, **event: Any) -> Decision:
    """The decision of an accident of somebody who paid 30 % of the premium due."""
    return decide(Facts(WRONG_CLASS, SHIFT, replace(ACCIDENT, **event)), DAY_COVER, used)


def test_a_reduced_disability_assessed_anew_pays_what_is_missing_of_the_reduced_sum() -> None:
    first = wrong_class(injuries=(8,))
    second = wrong_class(injuries=(8, 8), used=first.usage)
    third = wrong_class(injuries=(8, 8), used=second.usage)
    # 30 % of 150,000, then of 200,000.
    assert [one.amount for one in (first, second, third)] == [yuan(45_000), yuan(15_000), yuan(0)]


def test_a_reduced_disability_over_events_never_pays_more_than_the_reduced_sum() -> None:
    first = wrong_class(injuries=(2,))
    second = wrong_class(injuries=(3,), code="A2", used=first.usage)
    assert [one.amount for one in (first, second)] == [yuan(135_000), yuan(15_000)]


def test_a_reduced_death_is_paid_once_and_less_the_reduced_disability() -> None:
    disabled = wrong_class(injuries=(5,))
    died = wrong_class(died_on=date(2025, 7, 1), used=disabled.usage)
    again = wrong_class(died_on=date(2025, 7, 1), used=died.usage)
    # 30 % of 300,000; 30 % of 500,000 less these 90,000.
    assert [one.amount for one in (disabled, died, again)] == [yuan(90_000), yuan(60_000), yuan(0)]
    assert [(step.rule, step.result) for step in died.trace.steps if step.responsibility == "death"] == [
        ("circumstances", {"age": 30}), ("sum_insured", yuan(500_000)), ("reduced", yuan(150_000)), ("less_paid", yuan(60_000)),
        ("pays", yuan(60_000)),
    ]


def stay(days: int, number: str) -> Any:
    """A stay in hospital with a bill of one yuan."""
    return bill(line("device", 1), days=days, number=number, day=date(2025, 6, 2))


@pytest.mark.parametrize(("stays", "days"), [((3,), 0), ((4,), 1), ((2, 2), 1), ((93,), 90), ((100,), 90)])
def test_an_allowance_leaves_the_first_three_days_and_ends_with_the_ninetieth(stays: tuple[int, ...], days: int) -> None:
    decision = accident(*(stay(one, f"{at}") for at, one in enumerate(stays)))
    assert decision.amount == yuan(50 * days)
    assert decision.usage["days:allowance"] == days


def test_an_allowance_goes_on_with_the_event_and_ends_with_the_years_days() -> None:
    first = accident(stay(10, "1"))
    second = accident(stay(10, "2"), used=first.usage)
    assert (first.amount, second.amount) == (yuan(350), yuan(500))
    other = accident(stay(93, "3"), code="A2", used=second.usage)
    third = accident(stay(93, "4"), code="A3", used=other.usage)
    assert (other.amount, third.amount) == (yuan(4_500), yuan(50 * (180 - 17 - 90)))
    fourth = accident(stay(93, "5"), code="A4", used=third.usage)
    assert (fourth.amount, codes(fourth)[0]) == (yuan(0), "NO_DAYS_LEFT")


def test_a_stay_that_comes_twice_is_paid_once() -> None:
    assert accident(stay(10, "1"), stay(10, "1")).amount == yuan(350)


def test_the_first_days_of_an_event_are_those_of_the_earliest_stay_however_bills_are_given() -> None:
    part = Allowance(
        code="a", name=Words("津贴"), amount=(Row(yuan(30), When(locality="elsewhere")), Row(yuan(50))), days_unpaid=2,
    )
    late, early = bill(days=2, day=date(2025, 6, 9)), bill(days=2, day=date(2025, 6, 2), locality="elsewhere")
    assert [decide(facts(*order), terms(part)).amount for order in ((late, early), (early, late))] == [yuan(100), yuan(100)]


def test_each_stay_keeps_the_limit_of_its_own_circumstances() -> None:
    limit = Limit((Row(yuan(60), When(locality="elsewhere")), Row(yuan(100))))
    part = Allowance(code="a", name=Words("津贴"), amount=fixed(50), limits=(limit,))
    away, here = bill(days=3, locality="elsewhere"), bill(days=1, day=date(2025, 6, 2))
    # 150 becomes 60; the 40 that the limit here leaves are less than 50.
    assert decide(facts(away, here), terms(part)).amount == yuan(100)
    # 50, and nothing of 150: more than the 10 that the limit there leaves.
    assert decide(facts(replace(away, day=date(2025, 6, 3)), here), terms(part)).amount == yuan(60)


def test_a_stay_whose_bill_a_reviewer_marked_is_excluded() -> None:
    exclusion = Exclusion(Words("整形"), tags=("cosmetic",))
    part = Allowance(code="a", name=Words("津贴"), amount=fixed(50))
    case = facts(bill(days=3, tags=frozenset({"cosmetic"})), bill(days=1))
    for excluding in (terms(part, exclusions=(exclusion,)), terms(replace(part, exclusions=(exclusion,)))):
        decision = decide(case, excluding)
        assert [(one.code, one.place) for one in decision.refusals] == [("EXCLUDED", "bills[0]")]
        assert decision.amount == yuan(50)


LUMP = LumpSum(
    code="serious", name=Words("重疾"), amount=(Row(yuan(20_000), When(age_to=17)), Row(yuan(10_000))), diagnoses=("C", "I21"),
    waiting_days=30, exclusions=(Exclusion(Words("原位癌"), diagnoses=("C44",)),), shared_limits=("total",),
)
SERIOUS = terms(LUMP, limits=(SharedLimit("total", fixed(15_000)),))


def found(diagnosis: str, *, days: int = 60, age: int = 40, used: Usage = NOTHING_USED) -> Decision:
    """The decision on a disease found so many days after the start."""
    event = Event(code="D1", diagnosis=diagnosis, at=YEAR.starts_at + timedelta(days=days))
    return decide(facts(insured=Insured(age=age), event=event), SERIOUS, used)


def test_a_named_disease_pays_the_fixed_amount_once() -> None:
    first = found("C34.1")
    assert (first.amount, first.burden["ours"]) == (yuan(10_000), yuan(0))
    second = found("I21.0", used=first.usage)
    assert (second.amount, codes(second)) == (yuan(0), ["PAID_BEFORE"])


def test_a_lump_sum_that_paid_nothing_was_not_paid_before() -> None:
    part = replace(LUMP, amount=(Row(yuan(0), When(health_class="pre_existing")), Row(yuan(10_000))), shared_limits=())
    event = Event(code="D1", diagnosis="C34", at=YEAR.starts_at + timedelta(days=60))
    had = decide(facts(insured=Insured(health_class="pre_existing"), event=event), terms(part))
    assert (had.amount, codes(had), dict(had.used)) == (yuan(0), ["NOTHING_PAYABLE"], {})
    assert decide(facts(event=event), terms(part), had.usage).amount == yuan(10_000)


@pytest.mark.parametrize(("diagnosis", "undecided"), [("C34.1", ("serious",)), ("", ())])
def test_a_lump_sum_whose_diseases_are_unknown_is_left_undecided_where_one_was_found(
    diagnosis: str, undecided: tuple[str, ...]
) -> None:
    part = replace(LUMP, diagnoses=(), shared_limits=(), unknown=(Unknown("counts", Words("病种")),))
    event = Event(code="D1", diagnosis=diagnosis, at=YEAR.starts_at + timedelta(days=60))
    decision = decide(facts(event=event), terms(part))
    assert (decision.amount, decision.undecided, codes(decision)) == (yuan(0), undecided, [])


@pytest.mark.parametrize(("diagnosis", "days", "pays", "refused"), [
    ("J18", 60, 0, []), ("", 60, 0, []), ("C34", 29, 0, ["WAITING_PERIOD"]), ("C34", 30, 10_000, []),
    ("C44.1", 60, 0, ["EXCLUDED"]), ("C34", 400, 0, ["AFTER_COVER"]),
])
def test_a_disease_must_be_named_and_found_in_time(diagnosis: str, days: int, pays: int, refused: list[str]) -> None:
    decision = found(diagnosis, days=days)
    assert (decision.amount, codes(decision)) == (yuan(pays), refused)


def test_a_lump_sum_stays_within_the_shared_limit() -> None:
    decision = found("C34", age=12)
    assert decision.amount == yuan(15_000)
    assert decision.usage["limit:total"] == yuan(15_000)


def test_fixed_benefits_keep_their_limits_of_event_and_year() -> None:
    part = Disability(
        code="d", name=Words("伤残"), amount=fixed(1000), scale=(Decimal(1), Decimal("0.5")), limits=(Limit(fixed(600), "event"),),
    )
    death = Death(code="x", name=Words("身故"), amount=fixed(1000), limits=(Limit(fixed(900)),))
    decision = decide(facts(event=replace(ACCIDENT, injuries=(1,), died_on=date(2025, 6, 1))), terms(part, death))
    assert [one.amount for one in decision.benefits] == [yuan(600), yuan(900)]


def test_a_grade_below_the_scale_pays_nothing() -> None:
    part = Disability(code="d", name=Words("伤残"), amount=fixed(1000), scale=(Decimal(1), Decimal("0.5")))
    decision = decide(facts(event=replace(ACCIDENT, injuries=(3,))), terms(part))
    assert (decision.amount, codes(decision)) == (yuan(0), ["NOTHING_PAYABLE"])


def test_benefits_whose_amount_is_unknown_are_left_undecided() -> None:
    gap = (Unknown("amount", Words("金额")),)
    plan = terms(
        Allowance(code="a", name=Words("津贴"), unknown=gap), Death(code="x", name=Words("身故"), unknown=gap),
        Disability(code="d", name=Words("伤残"), amount=fixed(100), scale=(Decimal(1),)),
    )
    event = replace(ACCIDENT, injuries=(1,), died_on=date(2025, 6, 1))
    decision = decide(facts(bill(days=3), bill(days=2), event=event), plan)
    assert (decision.amount, decision.undecided, codes(decision)) == (yuan(100), ("a", "x"), [])


def test_an_allowance_per_day_may_depend_on_the_place_of_treatment() -> None:
    part = Allowance(code="a", name=Words("津贴"), amount=(Row(yuan(30), When(locality="elsewhere")), Row(yuan(50))))
    case = facts(bill(days=2), bill(days=3, locality="elsewhere"))
    assert decide(case, terms(part)).amount == yuan(190)
