"""What a plan covers in all ends what its responsibilities pay together: in the plan's order, with a step for each cut."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from benefits.cover_limit import cover_left, paid_in_all, within_cover
from benefits.decide import Decision, decide
from benefits.facts import Bill, Event, Facts, Line, Payment
from benefits.tests.cases import plan
from benefits.trace import Trace
from benefits.usage import NOTHING_USED, Usage

D = Decimal
# In catalogue: 50 % up to 50,000, 70 % above; outside 40 %, at most 200,000; 5,000 deductible and 1,500,000 shared.
TERMS = plan("aixinbao-example")
FACTS = Facts(event=Event("P1"), bills=(Bill(
    lines=(Line("self_pay", D("60000.00"), (Payment("basic", D("25000.00")),)), Line("out_of_catalogue", D(20000))),
),))
IN, OUT = "in_catalogue", "out_of_catalogue"


def _within(limit: str, used_before: Usage = NOTHING_USED) -> Decision:
    decision = decide(FACTS, TERMS, used_before)
    return within_cover(decision, FACTS, TERMS, limit=D(limit), used_before=used_before)


def test_a_decision_that_fits_is_itself() -> None:
    decision = decide(FACTS, TERMS)
    assert within_cover(decision, FACTS, TERMS, limit=D("23000.00")) is decision


@pytest.mark.parametrize(("limit", "paid"), [
    ("22999.99", ["15000.00", "7999.99"]), ("15000.00", ["15000.00", "0.00"]), ("14999.99", ["14999.99", "0.00"]),
    ("0.01", ["0.01", "0.00"]),
])
def test_the_last_responsibilities_pay_less(limit: str, paid: list[str]) -> None:
    cut = _within(limit)
    assert [str(each.amount.quantize(D("0.01"))) for each in cut.benefits] == paid
    assert (cut.amount, paid_in_all(TERMS, cut.used)) == (D(limit), D(limit))
    assert (cut.burden["ours"], cut.burden["person"]) == (D(limit), D("55000.00") - D(limit))


def test_what_was_paid_before_is_not_there_any_more() -> None:
    before = decide(FACTS, TERMS).usage
    assert paid_in_all(TERMS, before) == D("23000.00")
    # The deductible is behind it: 20,500 and 8,000 would be due.
    assert (decide(FACTS, TERMS, before).paid(IN), decide(FACTS, TERMS, before).paid(OUT)) == (D("20500.00"), D("8000.00"))
    cut = _within("30000.00", before)
    assert (cut.amount, cut.paid(IN), cut.paid(OUT)) == (D("7000.00"), D("7000.00"), D("0.00"))
    assert cover_left(TERMS, limit=D("30000.00"), used_before=before.plus(cut.used)) == D("0.00")


def test_counters_follow_what_is_paid_and_the_rest_stays_used() -> None:
    whole, cut = decide(FACTS, TERMS), _within("16000.00")
    assert cut.used["limit:total"] == whole.used["limit:total"] - 7000
    assert cut.used["base:out_of_catalogue"] == whole.used["base:out_of_catalogue"]
    assert cut.usage == Usage(cut.used)


def test_each_cut_is_a_step_before_the_total_and_said_in_both_languages() -> None:
    cut = _within("15000.00")
    assert [(each.rule, each.responsibility) for each in cut.trace.steps[-3:]] == [
        ("cover_limit", OUT), ("refused", OUT), ("total", ""),
    ]
    assert [(each.code, each.responsibility) for each in cut.refusals] == [("COVER_LIMIT", OUT)]
    said: dict[str, Any] = {language: cut.trace.sentences(language)[-3:] for language in ("zh", "en")}
    assert said["zh"][0].endswith("：方案总保额15,000.00元，此前各项责任已赔15,000.00元，8,000.00元减为0.00元。")
    assert said["zh"][1].endswith("：不予赔付：已达方案总保额。")
    assert said["zh"][2] == "本案合计赔付15,000.00元。"
    assert said["en"][0].endswith(
        ": The plan covers 15,000.00 yuan in all, 15,000.00 yuan of it was paid before: 8,000.00 yuan becomes 0.00 yuan."
    )
    assert Trace.from_data(cut.trace.to_data()) == cut.trace
