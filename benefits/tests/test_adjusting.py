"""Adjusted decisions: counters follow what is paid; limits and cost hold."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from benefits.adjusting import AdjustmentRefused, adjust
from benefits.decide import Decision, decide
from benefits.facts import Bill, Event, Facts, Line, Payment
from benefits.tests.cases import plan
from benefits.usage import NOTHING_USED, Usage

# In catalogue: 50 % up to 50,000, 70 % above; outside 40 %, at most 200,000; 5,000 deductible and 1,500,000 shared.
TERMS = plan("aixinbao-example")
FACTS = Facts(event=Event("P1"), bills=(Bill(
    lines=(
        Line("self_pay", Decimal("60000.00"), (Payment("basic", Decimal("25000.00")),)), Line("out_of_catalogue", Decimal(20000)),
    ),
),))
IN, OUT, DISEASE = "in_catalogue", "out_of_catalogue", "serious_disease"


def _decided(used_before: Usage = NOTHING_USED) -> Decision:
    return decide(FACTS, TERMS, used_before)


def _adjusted(amounts: dict[str, str], used_before: Usage = NOTHING_USED, facts: Facts = FACTS) -> Decision:
    said = {code: Decimal(amount) for code, amount in amounts.items()}
    return adjust(decide(facts, TERMS, used_before), facts, TERMS, said, used_before=used_before)


def test_what_is_calculated_before_anybody_adjusts_it() -> None:
    decision = _decided()
    assert (decision.paid(IN), decision.paid(OUT), decision.amount) == (Decimal(15000), Decimal(8000), Decimal("23000.00"))


def test_a_lower_amount_uses_less_of_its_own_and_of_shared_limits_and_the_rest_stays() -> None:
    before, after = _decided(), _adjusted({OUT: "5000.00"})
    assert (after.amount, after.paid(IN), after.paid(OUT)) == (Decimal("20000.00"), Decimal(15000), Decimal("5000.00"))
    assert after.used["limit:total"] == before.used["limit:total"] - 3000
    assert after.used["paid:out_of_catalogue"] == Decimal(5000)
    assert after.used["base:out_of_catalogue"] == before.used["base:out_of_catalogue"]
    assert (after.burden["ours"], after.burden["person"]) == (Decimal("20000.00"), Decimal(35000))


def test_nothing_is_a_sum_too() -> None:
    after = _adjusted({IN: "0.00", OUT: "0.00"})
    assert after.amount == Decimal("0.00")
    assert {name for name in after.used if name.startswith(("paid:", "limit:"))} == set()


def test_a_responsibility_that_paid_nothing_can_be_paid_within_the_cost() -> None:
    assert _adjusted({IN: "20000.00"}).amount == Decimal("28000.00")


def test_expenses_never_pay_more_than_others_left_of_the_cost() -> None:
    with pytest.raises(AdjustmentRefused) as refused:
        _adjusted({OUT: "40000.01"})
    assert (refused.value.code, refused.value.responsibility, refused.value.most) == ("COST", OUT, Decimal("40000.00"))
    assert _adjusted({OUT: "40000.00"}).burden["person"] == Decimal(0)


def test_a_fixed_benefit_may_be_more_than_the_cost() -> None:
    assert _adjusted({DISEASE: "90000.00"}).amount == Decimal("113000.00")


def test_a_limit_leaves_what_earlier_cases_did_not_use() -> None:
    used = Usage({"limit:total": Decimal("1470000.00"), "deductible:yearly": Decimal(5000)})
    decided = _decided(used)
    assert decided.amount == Decimal("25500.00")
    with pytest.raises(AdjustmentRefused) as refused:
        _adjusted({OUT: "12500.01"}, used)
    assert (refused.value.code, refused.value.most) == ("LIMIT", Decimal("12500.00"))
    assert _adjusted({OUT: "12500.00"}, used).usage["limit:total"] == Decimal(1500000)


def test_the_next_case_begins_with_what_was_paid_and_not_with_what_was_calculated() -> None:
    before, after = _decided(), _adjusted({OUT: "0.00"})
    assert before.usage["limit:total"] == Decimal(23000)
    assert after.usage["limit:total"] == Decimal(15000)
    assert after.usage == NOTHING_USED.plus(after.used)


@pytest.mark.parametrize(("code", "amount", "said"), [
    ("unknown", "1.00", "UNKNOWN"), (OUT, "-0.01", "AMOUNT"), (OUT, "1.001", "AMOUNT"), (OUT, "NaN", "AMOUNT"),
])
def test_what_is_no_sum_of_a_responsibility_is_refused(code: str, amount: str, said: str) -> None:
    with pytest.raises(AdjustmentRefused) as refused:
        _adjusted({code: amount})
    assert refused.value.code == said


def test_where_limits_are_per_item_no_more_is_paid_than_was_calculated() -> None:
    terms = replace(TERMS, responsibilities=tuple(
        replace(each, limits=(replace(TERMS.responsibilities[1].limits[0], per="item"),)) if each.code == OUT else each
        for each in TERMS.responsibilities
    ))
    decided = decide(FACTS, terms)
    with pytest.raises(AdjustmentRefused) as refused:
        adjust(decided, FACTS, terms, {OUT: Decimal("8000.01")})
    assert (refused.value.code, refused.value.most) == ("LINES", Decimal("8000.00"))
    assert adjust(decided, FACTS, terms, {OUT: Decimal("7999.99")}).paid(OUT) == Decimal("7999.99")
