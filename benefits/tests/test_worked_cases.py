"""The worked cases of the field, each to the fen, from the plan files."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest

from benefits.decide import decide
from benefits.facts import Event, Insured
from benefits.tests.cases import bill, facts, line, moment, paid, plan, spent, yuan


def test_weifang_pays_364700_from_three_responsibilities() -> None:
    case = facts(bill(line("self_pay", 200_000), line("out_of_catalogue", 67_000), line("special_drug", 264_000)))
    decision = decide(case, plan("weifang"))
    assert [(one.code, one.amount) for one in decision.benefits] == [
        ("in_catalogue", yuan("133300.00")), ("out_of_catalogue_drugs", yuan("28200.00")), ("special_drugs", yuan("203200.00")),
    ]
    assert decision.amount == yuan("364700.00")
    assert decision.burden == {"ours": yuan("364700.00"), "person": yuan("166300.00")}


def test_mianyang_counts_half_of_class_b_and_pays_104000() -> None:
    case = facts(bill(
        line("self_pay", 20_000), line("class_b_first", 30_000), line("out_of_catalogue", 70_000), line("special_drug", 100_000),
    ))
    decision = decide(case, plan("mianyang"))
    assert [one.amount for one in decision.benefits] == [yuan(14_000), yuan(20_000), yuan(70_000)]
    assert decision.amount == yuan(104_000)


def test_shanghai_2022_pays_nothing_for_the_first_bill_and_15400_for_the_second() -> None:
    first = decide(spent("out_of_catalogue", 12_000), plan("shanghai-2022"))
    assert (first.amount, [refusal.code for refusal in first.refusals]) == (yuan(0), ["BELOW_DEDUCTIBLE"])
    second = decide(spent("out_of_catalogue", 30_000), plan("shanghai-2022"), first.usage)
    assert second.amount == yuan(15_400)
    assert second.usage["deductible:inpatient_self_paid"] == yuan(20_000)


@pytest.mark.parametrize(("health", "claim_free", "pays"), [
    ("healthy", 0, 31_500), ("healthy", 3, 38_500), ("pre_existing", 0, 14_000), ("pre_existing", 3, 15_750),
    ("healthy", 2, 31_500), ("pre_existing", 5, 15_750),
])
def test_beijing_2025_pays_by_health_and_claim_free_years(health: str, claim_free: int, pays: int) -> None:
    case = spent("out_of_catalogue", 60_000, health_class=health, claim_free_years=claim_free)
    assert paid(case, plan("beijing-2025")) == yuan(pays)


@pytest.mark.parametrize(("kind", "amount", "continuity", "pays"), [
    ("self_pay", 20_000, 0, 3_750), ("self_pay", 20_000, 1, 9_000),
    ("out_of_catalogue", 40_000, 0, 7_500), ("out_of_catalogue", 40_000, 1, 8_100),
    ("special_drug", 10_000, 0, 7_500),
])
def test_chengdu_2023_pays_by_continuity(kind: str, amount: int, continuity: int, pays: int) -> None:
    assert paid(spent(kind, amount, continuity_years=continuity), plan("chengdu-2023")) == yuan(pays)


def test_chengdu_2023_pays_no_special_drug_for_a_disease_had_before_until_renewed() -> None:
    first = decide(spent("special_drug", 10_000, health_class="pre_existing"), plan("chengdu-2023"))
    assert (first.amount, [refusal.code for refusal in first.refusals]) == (yuan(0), ["PRE_EXISTING"])
    renewed = spent("special_drug", 10_000, health_class="pre_existing", continuity_years=1)
    assert paid(renewed, plan("chengdu-2023")) == yuan(3_000)


def test_two_injuries_of_grade_8_count_as_grade_7_and_the_accident_pays_203150() -> None:
    case = facts(
        bill(line("self_pay", 3_600)), insured=Insured(age=30, occupation_class=3),
        event=Event(code="A1", kind="accident", at=moment(2025, 5, 30, 9), injuries=(8, 8)),
    )
    decision = decide(case, plan("day-cover-example"))
    assert decision.paid("disability") == yuan(200_000)
    assert decision.paid("medical") == yuan(3_150)
    assert decision.amount == yuan(203_150)
    assert decision.burden == {"ours": yuan(3_150), "person": yuan(450)}


def test_yantai_pays_80_percent_above_20000_and_nothing_when_not_settled() -> None:
    assert paid(spent("self_pay", 50_000), plan("yantai")) == yuan(24_000)
    decision = decide(facts(bill(line("self_pay", 50_000), settled=False)), plan("yantai"))
    assert (decision.amount, [refusal.code for refusal in decision.refusals]) == (yuan(0), ["NOT_SETTLED"])


@pytest.mark.parametrize(("kind", "amount", "pays"), [
    ("out_of_catalogue", 2_000_000, 1_000_000), ("special_drug", 100_000, 70_000), ("proton_heavy_ion", 300_000, 210_000),
    ("proton_heavy_ion", 500_000, 300_000), ("overseas_drug", 200_000, 140_000), ("car_t", 1_200_000, 500_000),
    ("car_t", 400_000, 400_000),
])
def test_shanghai_2022_pays_each_responsibility_within_its_limit(kind: str, amount: int, pays: int) -> None:
    assert paid(spent(kind, amount), plan("shanghai-2022")) == yuan(pays)


def test_terms_travel_without_their_compiled_form_and_decide_the_same() -> None:
    terms, case = plan("weifang"), spent("self_pay", 200_000)
    first = decide(case, terms)
    arrived = pickle.loads(pickle.dumps(terms))  # noqa: S301
    assert (arrived, arrived.compiled) == (terms, None)
    assert decide(case, arrived).to_data() == first.to_data()


def test_prices_follow_age_and_standing() -> None:
    assert plan("ningbo-2025").price_for(age=17) == yuan(50)
    assert plan("ningbo-2025").price_for(age=20, student=True) == yuan(50)
    assert plan("ningbo-2025").price_for(age=18) == yuan(100)
    assert plan("hangzhou-2022").price_for(age=70) == yuan(150)
    assert plan("yantai").price_for(age=40) is None
    assert plan("day-cover-example").price_for() == Decimal("1.5")
