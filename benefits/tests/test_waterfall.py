"""Other payers come first, in their order, and never more than the cost is borne."""

from __future__ import annotations

import pytest

from benefits.decide import decide
from benefits.facts import Bill, FactsRefused, Line, Payment
from benefits.terms import Band, fixed
from benefits.tests.cases import bill, codes, expense, facts, line, paid, terms, yuan

ALL = terms(expense(counts=("self_pay", "out_of_catalogue"), bands=(Band(fixed(1)),)))


def pay(payer: str, amount: int | str, *kinds: str) -> Payment:
    """Another payer's payment."""
    return Payment(payer, yuan(amount), kinds)


def test_the_waterfall_names_who_bears_what_in_order() -> None:
    case = facts(bill(line("self_pay", 10_000, payments=(
        pay("commercial", 500), pay("assistance", 1_000), pay("major_illness", 2_000), pay("basic", 5_000),
    ))))
    decision = decide(case, terms(expense(deductible=fixed(500), bands=(Band(fixed("0.8")),))))
    assert list(decision.burden.items()) == [
        ("basic", yuan(5_000)), ("major_illness", yuan(2_000)), ("assistance", yuan(1_000)), ("commercial", yuan(500)),
        ("ours", yuan(800)), ("person", yuan(700)),
    ]
    payers = [step.inputs["payer"] for step in decision.trace.steps if step.rule == "other_payer"]
    assert payers == ["basic", "major_illness", "assistance", "commercial"]


def test_a_payment_of_the_bill_goes_to_its_kinds_first_and_then_to_the_other_lines() -> None:
    case = facts(bill(line("out_of_catalogue", 300), line("self_pay", 200), payments=(pay("basic", 250, "self_pay"),)))
    decision = decide(case, terms(expense(bands=(Band(fixed(1)),)), expense("out", counts=("out_of_catalogue",))))
    assert [(one.code, one.counted) for one in decision.benefits] == [("medical", yuan(0)), ("out", yuan(250))]
    assert codes(decision) == ["PAID_BY_OTHERS"]


def test_nothing_is_paid_of_what_others_paid_whole() -> None:
    decision = decide(facts(bill(line("self_pay", 100, payments=(pay("third_party", 100),)))), ALL)
    assert (decision.amount, codes(decision)) == (yuan(0), ["PAID_BY_OTHERS"])
    assert decision.burden == {"third_party": yuan(100), "ours": yuan(0), "person": yuan(0)}


def test_payments_of_one_bill_leave_another_alone() -> None:
    case = facts(bill(line("self_pay", 100), payments=(pay("basic", 100),)), bill(line("self_pay", 100)))
    assert paid(case, ALL) == yuan(100)


def test_others_cannot_have_paid_more_than_a_line_or_bill_costs() -> None:
    with pytest.raises(FactsRefused, match="payments: others paid more than the line costs, 100"):
        Line("self_pay", yuan(100), payments=(pay("basic", "100.01"),))
    with pytest.raises(FactsRefused, match=r"payments: others paid 51 more, only 50 was left of the bill"):
        Bill(lines=(Line("self_pay", yuan(100), payments=(pay("basic", 50),)),), payments=(pay("commercial", 51),))


@pytest.mark.parametrize("amount", ["-0.01", "0.001", "1000000000", "NaN", "Infinity"])
def test_an_amount_that_is_none_is_refused(amount: str) -> None:
    with pytest.raises(FactsRefused):
        Line("self_pay", yuan(amount))


def test_a_float_is_refused() -> None:
    with pytest.raises(FactsRefused, match="amount: float is no Decimal"):
        Line("self_pay", 1.5)  # type: ignore[arg-type]


def test_an_unknown_payer_is_refused() -> None:
    with pytest.raises(FactsRefused, match="payer: uncle is none of basic"):
        pay("uncle", 1)
