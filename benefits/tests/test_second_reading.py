"""The engine against the literal reading of its own rules, on random plans and years of cases.

Longer: BENEFITS_EXAMPLES=100000 python -m pytest benefits/tests/test_second_reading.py
"""

from __future__ import annotations

import os
from collections import defaultdict
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benefits.decide import decide
from benefits.facts import Facts
from benefits.terms import PlanTerms
from benefits.tests import generate
from benefits.tests.literal import Counted, evaluate
from benefits.usage import NOTHING_USED

EXAMPLES = int(os.environ.get("BENEFITS_EXAMPLES", "300"))


def compare(terms: PlanTerms, cases: list[Facts]) -> int:
    """Decide all cases both ways; gives how many responsibilities paid something."""
    usage, history, paying = NOTHING_USED, list[Counted](), 0
    for facts in cases:
        decision, answer = decide(facts, terms, usage), evaluate(facts, terms, history)
        amounts = {one.code: Fraction(one.amount) for one in decision.benefits}
        assert amounts == answer.amounts
        assert Fraction(decision.amount) == answer.amount
        usage = decision.usage
        history += answer.counted
        paying += sum(1 for amount in amounts.values() if amount)
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for one in history:
        sums[f"base:{one.code}"] += one.base
        sums[f"above:{one.code}"] += one.base - one.deducted
        sums[f"paid:{one.code}"] += one.paid
    for name, amount in sums.items():
        assert Fraction(usage[name]) == amount, name
    return paying


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**64))
def test_engine_and_literal_reading_agree_to_the_fen_on_any_year(seed: int) -> None:
    chance = Random(seed)
    compare(generate.plan(chance), generate.cases(chance))


def test_engine_and_literal_reading_agree_to_the_fen_on_known_years() -> None:
    paying = 0
    for seed in range(EXAMPLES):
        chance = Random(seed)
        try:
            paying += compare(generate.plan(chance), generate.cases(chance))
        except AssertionError as error:
            pytest.fail(f"seed {seed}: {error}")
    assert paying > EXAMPLES
