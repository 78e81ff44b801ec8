"""Deductibles, bands, factors, limits and the one rounding, each by a case a person can reckon."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, getcontext, localcontext

import pytest

from benefits.decide import decide
from benefits.facts import Event, Insured
from benefits.plan_file import load
from benefits.terms import (
    Band,
    Factor,
    Limit,
    Row,
    SharedDeductible,
    SharedLimit,
    Unknown,
    When,
    Words,
    fixed,
)
from benefits.tests.cases import bill, codes, expense, facts, line, paid, spent, terms, yuan
from benefits.usage import Usage


def test_half_a_fen_is_rounded_up_once_for_a_responsibility_not_for_each_line() -> None:
    plan = terms(expense(bands=(Band(fixed("0.5")),)))
    assert paid(spent("self_pay", "0.01"), plan) == yuan("0.01")
    three = facts(bill(line("self_pay", "0.01"), line("self_pay", "0.01"), line("self_pay", "0.01")), cover=None)
    assert paid(three, plan) == yuan("0.02")


def test_two_responsibilities_round_each_for_itself() -> None:
    plan = terms(
        expense("in", bands=(Band(fixed("0.5")),)), expense("out", counts=("out_of_catalogue",), bands=(Band(fixed("0.5")),)),
    )
    assert paid(facts(bill(line("self_pay", "0.01"), line("out_of_catalogue", "0.01")), cover=None), plan) == yuan("0.02")


def test_the_callers_precision_and_rounding_do_not_matter() -> None:
    plan = terms(expense(bands=(Band(fixed("0.333333")),)))
    case = spent("self_pay", "123456789.01")
    expected = paid(case, plan)
    with localcontext() as context:
        context.prec = 4
        context.rounding = "ROUND_DOWN"
        assert paid(case, plan) == expected == yuan("41152221.85")
        assert getcontext().prec == 4


def test_bands_before_the_deductible_lose_it_from_their_first_yuan_on() -> None:
    bands = (Band(fixed("0.6"), yuan(0), yuan(1000)), Band(fixed("0.9"), yuan(1000)))
    before = terms(expense(deductible=fixed(400), bands=bands, bands_counted="before_deductible"))
    after = terms(expense(deductible=fixed(400), bands=bands))
    # 600 x 60 % + 500 x 90 %, and 1,000 x 60 % + 100 x 90 %.
    assert paid(spent("self_pay", 1500), before) == yuan(810)
    assert paid(spent("self_pay", 1500), after) == yuan(690)


def test_bands_go_on_over_the_year_where_the_case_before_ended() -> None:
    plan = terms(expense(bands=(Band(fixed("0.5"), yuan(0), yuan(1000)), Band(fixed(1), yuan(1000)))))
    first = decide(spent("self_pay", 800), plan)
    second = decide(spent("self_pay", 400), plan, first.usage)
    assert (first.amount, second.amount) == (yuan(400), yuan(300))


def test_bands_of_an_event_begin_anew_with_the_next_event() -> None:
    plan = terms(expense(bands=(Band(fixed("0.5"), yuan(0), yuan(1000)), Band(fixed(1), yuan(1000))), bands_per="event"))
    first = decide(facts(bill(line("self_pay", 800)), event=Event(code="E1")), plan)
    other = decide(facts(bill(line("self_pay", 400)), event=Event(code="E2")), plan, first.usage)
    same = decide(facts(bill(line("self_pay", 400)), event=Event(code="E1")), plan, other.usage)
    assert (first.amount, other.amount, same.amount) == (yuan(400), yuan(200), yuan(300))


def test_a_gap_between_bands_pays_nothing_for_what_falls_into_it() -> None:
    plan = terms(expense(bands=(Band(fixed(1), yuan(0), yuan(100)), Band(fixed(1), yuan(150)))))
    assert paid(spent("self_pay", 200), plan) == yuan(150)
    inside = decide(spent("self_pay", 40), plan, decide(spent("self_pay", 105), plan).usage)
    assert (inside.amount, codes(inside)) == (yuan(0), ["NOTHING_PAYABLE"])


def test_an_event_deductible_is_taken_once_for_each_event() -> None:
    plan = terms(expense(deductible=fixed(100), deductible_per="event", bands=(Band(fixed(1)),)))
    first = decide(facts(bill(line("self_pay", 60)), event=Event(code="E1")), plan)
    again = decide(facts(bill(line("self_pay", 60)), event=Event(code="E1")), plan, first.usage)
    other = decide(facts(bill(line("self_pay", 160)), event=Event(code="E2")), plan, again.usage)
    assert [one.amount for one in (first, again, other)] == [yuan(0), yuan(20), yuan(60)]


def test_a_shared_deductible_is_taken_by_the_first_responsibility_first() -> None:
    plan = terms(
        expense("in", shared_deductible="both", bands=(Band(fixed("0.8")),)),
        expense("out", counts=("out_of_catalogue",), shared_deductible="both", bands=(Band(fixed("0.5")),)),
        deductibles=(SharedDeductible("both", fixed(1000)),),
    )
    decision = decide(facts(bill(line("out_of_catalogue", 900), line("self_pay", 700))), plan)
    assert [(one.code, one.deducted, one.amount) for one in decision.benefits] == [
        ("in", yuan(700), yuan(0)), ("out", yuan(300), yuan(300)),
    ]
    later = decide(facts(bill(line("self_pay", 10))), plan, decision.usage)
    assert later.amount == yuan(8)


def test_a_higher_deductible_in_another_class_counts_what_was_used_in_the_first() -> None:
    plan = terms(expense(deductible=(Row(yuan(2000), When(health_class="pre_existing")), Row(yuan(1500))), bands=(Band(fixed(1)),)))
    healthy = decide(spent("self_pay", 1500, health_class="healthy"), plan)
    after = decide(spent("self_pay", 800, health_class="pre_existing"), plan, healthy.usage)
    assert (healthy.amount, after.amount) == (yuan(0), yuan(300))


def test_factors_multiply_and_the_deductible_is_taken_of_what_counts() -> None:
    plan = terms(expense(
        counts=("self_pay", "class_b_first"), deductible=fixed(100), bands=(Band(fixed(1)),),
        factors=(Factor(Decimal("0.5"), ("class_b_first",)), Factor(Decimal("0.5"), (), When(locality="elsewhere"))),
    ))
    here = facts(bill(line("self_pay", 200), line("class_b_first", 400)))
    elsewhere = facts(bill(line("self_pay", 200), line("class_b_first", 400), locality="elsewhere"))
    assert (paid(here, plan), paid(elsewhere, plan)) == (yuan(300), yuan(100))


def test_a_factor_of_zero_refuses_the_line_and_takes_no_deductible() -> None:
    plan = terms(expense(deductible=fixed(100), factors=(Factor(yuan(0), (), When(settled=False)),)))
    decision = decide(facts(bill(line("self_pay", 500), settled=False)), plan)
    assert (decision.amount, codes(decision), dict(decision.used)) == (yuan(0), ["NOT_SETTLED"], {})


def test_an_item_limit_caps_each_line() -> None:
    plan = terms(expense(bands=(Band(fixed(1)),), limits=(Limit(fixed(100), "item"),)))
    assert paid(facts(bill(line("self_pay", 150), line("self_pay", 80))), plan) == yuan(180)


def test_a_day_limit_caps_all_bills_of_a_day_over_cases() -> None:
    plan = terms(expense(bands=(Band(fixed("0.5")),), limits=(Limit(fixed(50), "day"),)))
    first = decide(facts(
        bill(line("self_pay", 60)), bill(line("self_pay", 60)), bill(line("self_pay", 300), day=date(2025, 6, 2)),
    ), plan)
    assert first.amount == yuan(100)
    assert (first.usage["paid:medical#2025-06-01"], first.usage["paid:medical#2025-06-02"]) == (yuan(50), yuan(50))
    second = decide(facts(bill(line("self_pay", 20)), bill(line("self_pay", 20), day=date(2025, 6, 3))), plan, first.usage)
    assert second.amount == yuan(10)


def test_shares_of_days_never_go_above_the_days_limit_by_rounding() -> None:
    plan = terms(expense(bands=(Band(fixed("0.5")),), limits=(Limit(fixed("0.02"), "day"),)))
    decision = decide(facts(*(bill(line("self_pay", "0.03")) for _one in range(5))), plan)
    assert decision.amount == yuan("0.02")


def test_event_and_year_limits_leave_what_was_not_used_before() -> None:
    plan = terms(expense(bands=(Band(fixed(1)),), limits=(Limit(fixed(100), "event"), Limit(fixed(150), "year"))))
    first = decide(facts(bill(line("self_pay", 120)), event=Event(code="E1")), plan)
    same = decide(facts(bill(line("self_pay", 120)), event=Event(code="E1")), plan, first.usage)
    other = decide(facts(bill(line("self_pay", 120)), event=Event(code="E2")), plan, same.usage)
    assert [one.amount for one in (first, same, other)] == [yuan(100), yuan(0), yuan(50)]
    assert codes(same) == ["LIMIT_USED"]


def test_a_shared_limit_is_used_in_the_plans_order() -> None:
    plan = terms(
        expense("in", bands=(Band(fixed(1)),), shared_limits=("total",)),
        expense("out", counts=("out_of_catalogue",), bands=(Band(fixed(1)),), shared_limits=("total",)),
        limits=(SharedLimit("total", fixed(100)),),
    )
    decision = decide(facts(bill(line("out_of_catalogue", 90), line("self_pay", 70))), plan)
    assert [one.amount for one in decision.benefits] == [yuan(70), yuan(30)]
    assert decision.usage["limit:total"] == yuan(100)


def test_a_limit_may_depend_on_continuity() -> None:
    plan = terms(expense(
        bands=(Band(fixed(1)),), limits=(Limit((Row(yuan(200), When(continuity_from=1)), Row(yuan(100)))),),
    ))
    assert paid(spent("self_pay", 500), plan) == yuan(100)
    assert paid(spent("self_pay", 500, continuity_years=3), plan) == yuan(200)


def test_a_line_counts_in_the_first_responsibility_that_admits_it_even_below_its_deductible() -> None:
    plan = terms(expense("first", deductible=fixed(1000)), expense("second", bands=(Band(fixed(1)),)))
    decision = decide(spent("self_pay", 500), plan)
    assert (decision.amount, [one.code for one in decision.benefits]) == (yuan(0), ["first"])


def test_a_line_refused_by_the_first_goes_to_the_second_and_is_no_refusal() -> None:
    plan = terms(expense("inside", settings=("inpatient",)), expense("clinic", settings=("outpatient",), bands=(Band(fixed(1)),)))
    decision = decide(facts(bill(line("self_pay", 500), setting="outpatient")), plan)
    assert (decision.paid("clinic"), codes(decision)) == (yuan(500), [])


def test_a_responsibility_of_the_remainder_counts_what_the_first_left_unpaid() -> None:
    plan = terms(
        expense("first", bands=(Band(fixed("0.6")),)),
        expense("second", counts=("self_pay",), of_remainder=True, deductible=fixed(100), bands=(Band(fixed("0.5")),)),
    )
    decision = decide(facts(bill(line("self_pay", 1000), line("self_pay", 500))), plan)
    # 900 of 1,500; then half of the 600 left above 100.
    assert [one.amount for one in decision.benefits] == [yuan(900), yuan(250)]


def test_ratios_follow_each_bills_own_circumstances_within_one_deductible() -> None:
    ratio = (Row(Decimal("0.4"), When(locality="elsewhere")), Row(Decimal("0.8")))
    plan = terms(expense(deductible=fixed(100), bands=(Band(ratio),)))
    case = facts(
        bill(line("self_pay", 150), day=date(2025, 6, 2), locality="elsewhere"), bill(line("self_pay", 200), day=date(2025, 6, 1)),
    )
    decision = decide(case, plan)
    # The earlier day takes the deductible: 100 x 80 %, then 150 x 40 %.
    assert decision.amount == yuan(140)


@pytest.mark.parametrize(("insured", "group", "pays"), [
    (Insured(age=40), "tumor", 70), (Insured(age=40, conditions=frozenset({"tumor"})), "tumor", 30),
    (Insured(age=40, conditions=frozenset({"tumor"})), "lung", 70),
    (Insured(age=40, conditions=frozenset({"tumor"}), health_class="healthy"), "tumor", 70),
])
def test_pre_existing_by_treatment_looks_at_the_bills_group_of_diseases(insured: Insured, group: str, pays: int) -> None:
    from_file = """
code: groups
name: 测试
pre_existing:
  by: treatment
  groups: [{code: tumor, name: 肿瘤}]
responsibilities:
  - code: medical
    name: 医疗
    benefit: expense
    counts: [self_pay]
    ratio: [{health_class: pre_existing, value: 0.3}, {value: 0.7}]
"""
    case = facts(bill(line("self_pay", 100), disease_group=group), insured=insured)
    assert paid(case, load(from_file)) == yuan(pays)
    by_person = load(from_file.replace("by: treatment", "by: person"))
    had = "tumor" in insured.conditions and not insured.health_class
    assert paid(case, by_person) == yuan(30 if had else 70)


@pytest.mark.parametrize(("age", "pays"), [(59, 50), (60, 90), (61, 90)])
def test_a_row_from_an_age_on_holds_from_that_birthday(age: int, pays: int) -> None:
    plan = terms(expense(bands=(Band((Row(Decimal("0.9"), When(age_from=60)), Row(Decimal("0.5")))),)))
    case = facts(bill(line("self_pay", 100)), insured=Insured(age=age))
    assert paid(case, plan) == yuan(pays)


def test_an_unknown_ratio_leaves_the_lines_undecided_and_counts_nothing() -> None:
    gap = (Unknown("ratio", Words("比例")),)
    plan = terms(expense(bands=(), unknown=gap), expense("other", counts=("device",), bands=(Band(fixed(1)),)))
    decision = decide(facts(bill(line("self_pay", 100), line("device", 10))), plan)
    assert (decision.amount, decision.undecided, codes(decision)) == (yuan(10), ("medical",), [])


def test_an_unknown_ratio_of_the_remainder_is_said_though_the_first_responsibility_counts_the_line() -> None:
    gap = (Unknown("ratio", Words("比例")),)
    plan = terms(expense("first"), expense("rest", bands=(), of_remainder=True, unknown=gap))
    decision = decide(spent("self_pay", 100), plan)
    assert (decision.amount, decision.undecided, codes(decision)) == (yuan(70), ("rest",), [])


def test_usage_from_elsewhere_is_respected() -> None:
    plan = terms(expense(deductible=fixed(1000), bands=(Band(fixed(1)),), limits=(Limit(fixed(500)),)))
    used = Usage({"deductible:medical": yuan(900), "paid:medical": yuan(450)})
    decision = decide(spent("self_pay", 300), plan, used)
    assert decision.amount == yuan(50)
    assert decision.usage["deductible:medical"] == yuan(1000)
    assert used["paid:medical"] == yuan(450)
