"""Who, when and where counts, and the refusal code if not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from benefits.decide import decide
from benefits.facts import Cover, Event, Facts, FactsRefused, Hospital, Insured
from benefits.terms import AgeRange, Band, Exclusion, Factor, HospitalCondition, Occupations, Row, When, Words, fixed
from benefits.tests.cases import bill, codes, expense, facts, line, moment, terms, yuan

WHOLE = (Band(fixed(1)),)


def answer(case: Facts, **more: Any) -> tuple[int, list[str]]:
    """What a responsibility that pays all pays of a case, and the refusals."""
    decision = decide(case, terms(expense(bands=WHOLE, **more)))
    return int(decision.amount), codes(decision)


@pytest.mark.parametrize(("day", "expected"), [
    (date(2024, 12, 31), (0, ["BEFORE_COVER"])), (date(2025, 1, 1), (100, [])), (date(2025, 12, 31), (100, [])),
    (date(2026, 1, 1), (0, ["AFTER_COVER"])),
])
def test_treatment_must_lie_within_the_cover(day: date, expected: tuple[int, list[str]]) -> None:
    assert answer(facts(bill(line("self_pay", 100), day=day))) == expected


def test_days_are_those_of_china_whatever_zone_a_cover_is_stated_in() -> None:
    cover = Cover(datetime(2024, 12, 31, 16, tzinfo=UTC), datetime(2025, 12, 31, 16, tzinfo=UTC))
    assert answer(facts(bill(line("self_pay", 100), day=date(2025, 1, 1)), cover=cover)) == (100, [])
    assert answer(facts(bill(line("self_pay", 100), day=date(2024, 12, 31)), cover=cover)) == (0, ["BEFORE_COVER"])
    assert answer(facts(bill(line("self_pay", 100), day=date(2026, 1, 1)), cover=cover)) == (0, ["AFTER_COVER"])


@pytest.mark.parametrize(("at", "expected"), [
    ((2025, 5, 30, 5, 59), (0, ["BEFORE_COVER"])), ((2025, 5, 30, 6), (100, [])), ((2025, 5, 31, 1, 29), (100, [])),
    ((2025, 5, 31, 1, 30), (0, ["AFTER_COVER"])),
])
def test_a_day_cover_holds_to_the_minute_of_the_accident(at: tuple[int, ...], expected: tuple[int, list[str]]) -> None:
    case = facts(
        bill(line("self_pay", 100), day=date(2025, 6, 20)), event=Event(code="A", kind="accident", at=moment(*at)),
        cover=Cover(moment(2025, 5, 30, 6), moment(2025, 5, 31, 1, 30)),
    )
    assert answer(case, held_to="occurrence") == expected


@pytest.mark.parametrize(("setting", "code"), [("outpatient", "OUTPATIENT"), ("pharmacy", "SETTING")])
def test_another_kind_of_care_is_refused(setting: str, code: str) -> None:
    assert answer(facts(bill(line("self_pay", 100), setting=setting)), settings=("inpatient",)) == (0, [code])


@pytest.mark.parametrize(("hospital", "expected"), [
    (Hospital(level=2, public=True, lists=frozenset({"named"})), (100, [])),
    (Hospital(level=1, public=True, lists=frozenset({"named"})), (0, ["HOSPITAL_LEVEL"])),
    (Hospital(level=3, public=False, lists=frozenset({"named"})), (0, ["HOSPITAL_NOT_PUBLIC"])),
    (Hospital(level=3, public=True), (0, ["HOSPITAL_NOT_LISTED"])),
    (Hospital(level=3, public=True, department="international", lists=frozenset({"named"})), (0, ["SPECIAL_WARD"])),
])
def test_hospital_conditions(hospital: Hospital, expected: tuple[int, list[str]]) -> None:
    condition = HospitalCondition(level_from=2, public=True, listed="named", refused_departments=("international",))
    assert answer(facts(bill(line("self_pay", 100), hospital=hospital)), hospital=condition) == expected


def test_a_level_that_is_not_stated_is_taken_as_met_and_said_so() -> None:
    decision = decide(facts(bill(line("self_pay", 100))), terms(expense(hospital=HospitalCondition(level_from=2))))
    assert (decision.amount, decision.assumed) == (yuan(70), ("hospital_level",))
    assert "资料未说明医院等级，按符合条件处理。" in "".join(decision.trace.sentences("zh"))


@pytest.mark.parametrize(("onset", "more", "expected"), [
    (date(2025, 1, 30), {}, (0, ["WAITING_PERIOD"])), (date(2025, 1, 31), {}, (100, [])),
    (date(2025, 1, 30), {"continuity_years": 1}, (100, [])),
])
def test_the_waiting_period_counts_days_from_the_start(onset: date, more: Any, expected: tuple[int, list[str]]) -> None:
    case = facts(bill(line("self_pay", 100), day=onset), insured=Insured(age=40, **more))
    assert answer(case, waiting_days=30) == expected


def test_the_waiting_period_looks_at_the_day_of_the_event_and_spares_accidents() -> None:
    sick = Event(code="E", at=moment(2025, 1, 10))
    late = facts(bill(line("self_pay", 100), day=date(2025, 5, 1)), event=sick)
    assert answer(late, waiting_days=30) == (0, ["WAITING_PERIOD"])
    assert answer(replace(late, event=replace(sick, kind="accident")), waiting_days=30) == (100, [])


@pytest.mark.parametrize(("age", "expected"), [(15, (0, ["AGE"])), (16, (100, [])), (65, (100, [])), (66, (0, ["AGE"]))])
def test_age_is_inclusive_on_both_ends(age: int, expected: tuple[int, list[str]]) -> None:
    assert answer(facts(bill(line("self_pay", 100)), insured=Insured(age=age)), age=AgeRange(16, 65)) == expected


def test_age_counts_on_the_first_day_of_cover_or_on_the_event() -> None:
    insured = Insured(birth_on=date(2009, 3, 1))
    case = facts(bill(line("self_pay", 100)), insured=insured, event=Event(code="E", at=moment(2025, 3, 1)))
    assert answer(case, age=AgeRange(16)) == (0, ["AGE"])
    assert answer(case, age=AgeRange(16, on="event")) == (100, [])
    assert Insured(birth_on=date(2008, 2, 29)).age_on(date(2025, 2, 28)) == 16
    assert Insured(birth_on=date(2008, 2, 29)).age_on(date(2025, 3, 1)) == 17


def test_a_special_drug_must_stand_on_the_list_and_be_used_as_indicated() -> None:
    more = {"required_list": "drugs", "indication_required": True}
    assert answer(facts(bill(line("self_pay", 100))), **more) == (100, [])
    assert answer(facts(bill(line("self_pay", 100, lists=frozenset()))), **more) == (0, ["DRUG_NOT_LISTED"])
    assert answer(facts(bill(line("self_pay", 100, indicated=False))), **more) == (0, ["INDICATION"])


def test_treatment_long_after_the_event_is_too_late() -> None:
    event = Event(code="A", kind="accident", at=moment(2025, 1, 2))
    assert answer(facts(bill(line("self_pay", 100), day=date(2025, 7, 1)), event=event), within_days=180) == (100, [])
    assert answer(facts(bill(line("self_pay", 100), day=date(2025, 7, 2)), event=event), within_days=180) == (0, ["TOO_LATE"])


def test_another_kind_of_event_is_refused() -> None:
    assert answer(facts(bill(line("self_pay", 100))), events=("accident",)) == (0, ["OTHER_EVENT"])


def test_a_bill_that_is_not_settled_is_refused_where_settlement_is_required() -> None:
    assert answer(facts(bill(line("self_pay", 100), settled=False)), settlement_required=True) == (0, ["NOT_SETTLED"])


ABROAD = When(locality="abroad")


@pytest.mark.parametrize("more", [
    {"bands": (Band((Row(Decimal(0), ABROAD), Row(Decimal(1)))),)}, {"bands": WHOLE, "factors": (Factor(Decimal(0), when=ABROAD),)},
])
def test_treatment_where_nothing_is_paid_is_refused_and_uses_up_no_deductible(more: Any) -> None:
    part = expense(deductible=fixed(50), **more)
    abroad = decide(facts(bill(line("self_pay", 100), locality="abroad")), terms(part))
    assert (abroad.amount, codes(abroad), dict(abroad.used)) == (yuan(0), ["LOCALITY"], {})
    assert abroad.refusals[0].place == "bills[0].lines[0]"
    assert "medical：第1张票据第1项不予赔付：就医地不在赔付范围。" in abroad.trace.sentences("zh")
    home = decide(facts(bill(line("self_pay", 100), locality="elsewhere")), terms(part), abroad.usage)
    assert (home.amount, codes(home)) == (yuan(50), [])


@pytest.mark.parametrize("exclusion", [
    Exclusion(Words("整形"), tags=("cosmetic",)), Exclusion(Words("整形"), diagnoses=("Z41",)),
    Exclusion(Words("整形"), kinds=("self_pay",), settings=("inpatient",)),
])
@pytest.mark.parametrize("of_plan", [True, False])
def test_an_exclusion_refuses_what_it_names_with_its_reason(exclusion: Exclusion, of_plan: bool) -> None:
    case = facts(bill(line("self_pay", 100), line("device", 50), tags=frozenset({"cosmetic"}), diagnosis="Z41.1"))
    part = expense(counts=("self_pay",), bands=WHOLE, exclusions=() if of_plan else (exclusion,))
    plan = terms(part, expense("device", counts=("device",), bands=WHOLE), exclusions=(exclusion,) if of_plan else ())
    refusal = decide(case, plan).refusals[0]
    assert (refusal.code, refusal.reason, refusal.place) == ("EXCLUDED", "整形", "bills[0].lines[0]")
    other = facts(bill(line("self_pay", 100), setting="outpatient", diagnosis="J18"))
    assert decide(other, plan).amount == yuan(100)


def test_an_exclusion_that_names_two_things_needs_both() -> None:
    exclusion = Exclusion(Words("整形门诊"), code="COSMETIC", tags=("cosmetic",), settings=("outpatient",))
    inside = facts(bill(line("self_pay", 100), tags=frozenset({"cosmetic"})))
    assert answer(inside, exclusions=(exclusion,)) == (100, [])
    outside = facts(bill(line("self_pay", 100), tags=frozenset({"cosmetic"}), setting="outpatient"))
    assert answer(outside, exclusions=(exclusion,)) == (0, ["COSMETIC"])


def test_a_bill_counts_once_though_it_comes_twice() -> None:
    twice = bill(line("self_pay", 100), number="0123")
    decision = decide(facts(twice, bill(line("self_pay", 40), number="0124"), twice), terms(expense(bands=WHOLE)))
    assert (decision.amount, codes(decision)) == (yuan(140), ["DUPLICATE_BILL"])
    assert decision.refusals[0].place == "bills[2].lines[0]"
    assert decision.burden == {"ours": yuan(140), "person": yuan(100)}


def test_a_bill_claimed_before_or_false_pays_nothing() -> None:
    decision = decide(facts(
        bill(line("self_pay", 100), claimed_before=True), bill(line("self_pay", 100), false_papers=True),
    ), terms(expense(bands=WHOLE)))
    assert (decision.amount, codes(decision)) == (yuan(0), ["DUPLICATE_BILL", "FALSE_PAPERS"])


@pytest.mark.parametrize(("first", "expected"), [
    ({"claimed_before": True}, (0, ["DUPLICATE_BILL", "DUPLICATE_BILL"])), ({"false_papers": True}, (100, ["FALSE_PAPERS"])),
])
def test_the_number_of_a_bill_claimed_before_is_refused_again_and_that_of_a_false_one_is_free(
    first: dict[str, bool], expected: tuple[int, list[str]]
) -> None:
    case = facts(bill(line("self_pay", 100), number="0123", **first), bill(line("self_pay", 100), number="0123"))
    assert answer(case) == expected


def test_a_zero_for_a_place_of_treatment_refuses_by_the_place() -> None:
    bands = (Band((Row(Decimal(0), When(locality="elsewhere")), Row(Decimal(1)))),)
    case = facts(bill(line("self_pay", 100), locality="elsewhere"), bill(line("self_pay", 40)))
    decision = decide(case, terms(expense(bands=bands)))
    assert (decision.amount, codes(decision)) == (yuan(40), ["LOCALITY"])


def test_a_line_that_no_responsibility_counts_is_not_covered() -> None:
    assert answer(facts(bill(line("device", 100)))) == (0, ["NOT_COVERED"])


def test_each_responsibility_that_refused_a_line_says_why() -> None:
    plan = terms(expense("inside", settings=("inpatient",)), expense("special", settings=("special_outpatient",)))
    decision = decide(facts(bill(line("self_pay", 100), setting="outpatient")), plan)
    assert [(one.code, one.responsibility) for one in decision.refusals] == [("OUTPATIENT", "inside"), ("OUTPATIENT", "special")]


def test_a_class_of_work_above_the_highest_refuses_all_and_a_wrong_one_reduces_by_the_premiums() -> None:
    plan = terms(expense(bands=WHOLE), occupations=Occupations(6, "reduce"))
    refused = decide(facts(bill(line("self_pay", 100)), insured=Insured(age=30, occupation_class=7)), plan)
    assert (refused.amount, codes(refused)) == (yuan(0), ["OCCUPATION"])
    wrong = Insured(age=30, occupation_class=5, premium_paid=yuan("1.50"), premium_due=yuan(5))
    assert decide(facts(bill(line("self_pay", 100)), insured=wrong), plan).amount == yuan(30)
    odd = replace(wrong, premium_paid=yuan(1), premium_due=yuan(3))
    assert decide(facts(bill(line("self_pay", 100)), insured=odd), plan).amount == yuan("33.33")
    assert decide(facts(bill(line("self_pay", 200)), insured=odd), plan).amount == yuan("66.67")
    assert decide(facts(bill(line("self_pay", "0.03")), insured=replace(odd, premium_due=yuan(2))), plan).amount == yuan("0.02")


def test_moments_with_and_without_a_zone_do_not_mix() -> None:
    with pytest.raises(FactsRefused, match=r"event\.at: the event and the cover must both state a time zone, or neither"):
        facts(event=Event(code="E", at=datetime(2025, 1, 1)))  # noqa: DTZ001
    with pytest.raises(FactsRefused, match="ends_at"):
        Cover(moment(2025, 1, 1), moment(2025, 1, 1))


def test_without_a_cover_its_window_is_taken_as_met_and_said_so() -> None:
    decision = decide(facts(bill(line("self_pay", 100)), cover=None), terms(expense()))
    assert decision.assumed == ("cover",)
