"""Deciding an earlier case anew gives the later ones that change."""

from __future__ import annotations

import pytest

from benefits.decide import decide
from benefits.facts import Facts
from benefits.redecide import Settled, redecide
from benefits.terms import PlanTerms
from benefits.tests.cases import facts, plan, spent, yuan
from benefits.usage import NOTHING_USED, Usage


def settle(terms: PlanTerms, *cases: Facts, used: Usage = NOTHING_USED) -> list[Settled]:
    """A year as it was decided, keys C1, C2, ..."""
    settled = []
    for number, case in enumerate(cases, 1):
        decision = decide(case, terms, used)
        settled.append(Settled(f"C{number}", case, decision))
        used = decision.usage
    return settled


SHANGHAI = plan("shanghai-2022")


def test_a_first_bill_withdrawn_moves_its_deductible_to_the_second() -> None:
    settled = settle(SHANGHAI, spent("out_of_catalogue", 12_000), spent("out_of_catalogue", 30_000))
    again = redecide(settled, SHANGHAI, corrected={"C1": facts()})
    assert [(change.key, change.difference) for change in again.changes] == [("C2", yuan(-8_400))]
    assert again.decisions["C2"].amount == yuan(7_000)
    assert again.usage["deductible:inpatient_self_paid"] == yuan(20_000)


def test_a_first_bill_found_larger_pays_itself_and_more_of_the_second() -> None:
    settled = settle(SHANGHAI, spent("out_of_catalogue", 12_000), spent("out_of_catalogue", 30_000))
    again = redecide(settled, SHANGHAI, corrected={"C1": spent("out_of_catalogue", 22_000)})
    assert [(change.key, change.difference) for change in again.changes] == [("C1", yuan(1_400)), ("C2", yuan(5_600))]


def test_a_case_before_the_corrected_one_stays_the_decision_it_was() -> None:
    settled = settle(SHANGHAI, *(spent("out_of_catalogue", 15_000) for _one in range(3)))
    again = redecide(settled, SHANGHAI, corrected={"C3": spent("out_of_catalogue", 16_000)})
    assert again.decisions["C1"] is settled[0].decision
    assert again.decisions["C2"] is settled[1].decision
    assert [(change.key, change.difference) for change in again.changes] == [("C3", yuan(700))]


def test_later_cases_of_another_responsibility_do_not_change() -> None:
    settled = settle(SHANGHAI, spent("out_of_catalogue", 12_000), spent("special_drug", 30_000))
    again = redecide(settled, SHANGHAI, corrected={"C1": spent("out_of_catalogue", 30_000)})
    assert [change.key for change in again.changes] == ["C1"]


def test_usage_before_the_first_case_is_counted_again() -> None:
    used = Usage({"deductible:inpatient_self_paid": yuan(19_000)})
    settled = settle(SHANGHAI, spent("out_of_catalogue", 2_000), spent("out_of_catalogue", 1_000), used=used)
    again = redecide(settled, SHANGHAI, corrected={"C1": spent("out_of_catalogue", 500)}, used_before=used)
    assert [(change.key, change.difference) for change in again.changes] == [("C1", yuan(-700)), ("C2", yuan(-350))]


def test_a_case_that_was_never_settled_is_refused() -> None:
    settled = settle(SHANGHAI, spent("out_of_catalogue", 12_000))
    with pytest.raises(KeyError, match="no such case was settled: C9"):
        redecide(settled, SHANGHAI, corrected={"C9": facts()})
