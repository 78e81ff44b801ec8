"""The engine against the literal reading of its own rules, on random plans and years of cases.

Longer: BENEFITS_EXAMPLES=100000 python -m pytest benefits/tests/test_second_reading.py
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benefits import wording
from benefits.decide import decide
from benefits.facts import Facts
from benefits.terms import BENEFITS, PlanTerms
from benefits.tests import generate
from benefits.tests.literal import Entry, Refused, counters, evaluate
from benefits.usage import NOTHING_USED, Usage

EXAMPLES = int(os.environ.get("BENEFITS_EXAMPLES", "300"))


def compare(terms: PlanTerms, cases: list[Facts]) -> Counter[str]:
    """Decide all cases both ways; gives how often which benefit paid something, and which codes refused."""
    usage, history, seen = NOTHING_USED, list[Entry](), Counter[str]()
    kinds = {part.code: part.benefit for part in terms.responsibilities}
    for facts in cases:
        decision, answer = decide(facts, terms, usage), evaluate(facts, terms, history)
        amounts = {one.code: Fraction(one.amount) for one in decision.benefits}
        counted = {one.code: (Fraction(one.counted), Fraction(one.deducted), one.days) for one in decision.benefits}
        refusals = [Refused(one.code, one.responsibility, one.place) for one in decision.refusals]
        assert amounts == answer.amounts
        assert Fraction(decision.amount) == answer.amount
        assert counted == {code: answer.counted(code) for code in answer.amounts}
        assert sorted(refusals) == sorted(answer.refusals)
        assert list(decision.undecided) == answer.undecided
        usage = decision.usage
        history += answer.entries
        same_counters(usage, counters(terms, history))
        seen.update(kinds[code] for code, amount in amounts.items() if amount)
        seen.update(refusal.code for refusal in refusals)
        seen.update("undecided" for _one in decision.undecided)
    return seen


def same_counters(usage: Usage, sums: dict[str, Fraction]) -> None:
    """Each counter is what the entries amount to, and none that a year or event has used is missing."""
    for name, amount in usage.items():
        assert Fraction(amount) == sums.get(name, 0), name
    kept = {name.partition("@")[0] for name in usage}
    missing = {name for name, amount in sums.items() if amount and not {"@", "#"} & set(name) and name not in kept}
    assert not missing


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**64))
def test_engine_and_literal_reading_agree_to_the_fen_on_any_year(seed: int) -> None:
    chance = Random(seed)
    compare(generate.any_plan(chance), generate.any_cases(chance))


@pytest.mark.parametrize(("plan", "cases"), [
    (generate.plan, generate.cases), (generate.any_plan, generate.any_cases),
], ids=["expenses", "everything"])
def test_engine_and_literal_reading_agree_to_the_fen_on_known_years(
    plan: Callable[[Random], PlanTerms], cases: Callable[[Random], list[Facts]]
) -> None:
    seen = Counter[str]()
    for seed in range(EXAMPLES):
        chance = Random(seed)
        try:
            seen += compare(plan(chance), cases(chance))
        except AssertionError as error:
            pytest.fail(f"seed {seed}: {error}")
    if plan is generate.plan:
        assert seen["expense"] > EXAMPLES
    elif EXAMPLES >= 300:
        # What is drawn pays by every kind of responsibility and refuses by every code of the terms: a cover in all is above them.
        assert {*BENEFITS, *wording.REFUSALS, "undecided"} - {"COVER_LIMIT"} <= set(seen)
