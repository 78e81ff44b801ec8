"""Counters in words: those a plan looks at, and what each counts."""

from __future__ import annotations

from benefits import plan_file
from benefits.counters import counters_in, in_words
from benefits.tests.cases import PLANS


def test_a_plan_offers_the_counters_of_the_year_that_it_looks_at() -> None:
    terms = plan_file.load_path(PLANS / "day-cover-example.yaml")
    assert counters_in(terms, "zh") == [
        ("paid:disability", "已赔付：意外伤残"), ("paid:death", "已赔付：意外身故"),
        ("above:medical", "免赔额以上的费用：意外医疗"), ("paid:medical", "已赔付：意外医疗"),
        ("days:allowance", "已给付天数：意外住院津贴"), ("paid:allowance", "已赔付：意外住院津贴"),
        ("limit:sum_insured", "已用共用限额：sum_insured"),
    ]


def test_a_counter_of_an_event_names_its_event() -> None:
    terms = plan_file.load_path(PLANS / "day-cover-example.yaml")
    assert in_words("deductible:medical@C1", terms, "zh") == "已扣免赔额：意外医疗（C1）"
    assert in_words("paid:medical#2026-03-01", terms, "en") == "paid: Medical expenses of an accident (2026-03-01)"
