"""Case files."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from benefits.facts import PAYERS, Payment
from benefits.facts_file import cases_of, load
from benefits.shapes import FileRefused
from benefits.text_data import read_text

FULL = """
insured: {birth_on: 1985-02-28, continuity_years: 2, conditions: [tumor]}
cover: {starts_at: 2025-01-01, ends_at: "2026-01-01T00:00"}
event: {code: E1, kind: accident, at: "2025-05-30T09:15", injuries: [8, 8], tags: [drunk_driving]}
bills:
  - number: "0123456789"
    day: 2025-06-01
    setting: outpatient
    hospital: {level: 3, public: true, lists: [named]}
    payments: [{payer: basic, amount: 10.50, kinds: [self_pay]}]
    lines:
      - {kind: self_pay, amount: 100.25, payments: {commercial: 5}}
      - {kind: special_drug, amount: 20, lists: [drugs], indicated: false}
used_before: {"deductible:in": 500, "base:in": 0.125}
"""


def refused(text: str) -> list[str]:
    """What is wrong with a case file."""
    with pytest.raises(FileRefused) as error:
        load(text)
    return error.value.say("en")


def test_a_full_case_is_read() -> None:
    read = load(FULL)
    (case,) = read.cases
    facts = case.facts
    assert facts.insured.birth_on == date(1985, 2, 28)
    assert facts.cover is not None and facts.cover.ends_at == datetime(2026, 1, 1)  # noqa: DTZ001
    assert facts.event.injuries == (8, 8)
    bill = facts.bills[0]
    assert (bill.number, bill.hospital.lists) == ("0123456789", frozenset({"named"}))
    assert bill.payments == (Payment("basic", Decimal("10.5"), ("self_pay",)),)
    assert bill.lines[0].payments == (Payment("commercial", Decimal(5)),)
    assert not bill.lines[1].indicated
    assert read.used_before["base:in"] == Decimal("0.125")


def test_several_cases_take_what_they_do_not_say_from_above() -> None:
    read = load("""
insured: {age: 40}
cases:
  - {name: first, bills: [{lines: [{kind: self_pay, amount: 1}]}]}
  - {insured: {age: 41}}
""")
    assert [(case.name, case.facts.insured.age, len(case.facts.bills)) for case in read.cases] == [("first", 40, 1), ("2", 41, 0)]


@pytest.mark.parametrize(("text", "message"), [
    ("bills: [{lines: [{kind: self_pay, amount: -1}]}]", "bills[0].lines[0].amount: -1 is below 0"),
    ("bills: [{lines: [{kind: self_pay}]}]", "bills[0].lines[0].amount: it is missing"),
    ("bills: [{lines: [{kind: self_pay, amount: 1, payments: {basic: 2}}]}]",
     "bills[0].lines[0].payments: others paid more than the line costs, 1"),
    ("bills: [{payments: {basic: 2}, lines: [{kind: self_pay, amount: 1}]}]",
     "bills[0].payments: others paid 2 more, only 1 was left of the bill"),
    ("bills: [{payments: {uncle: 2}}]", f"bills[0].payments.uncle: uncle is none of {', '.join(PAYERS)}"),
    ("bills: [{payments: [{payer: basic}]}]", "bills[0].payments[0].amount: it is missing"),
    ("bills: [{payments: 5}]", "bills[0].payments: 5 is no set of keys and values"),
    ("bills: [{day: 2025-02-30}]", "bills[0].day: 2025-02-30 is no day as YYYY-MM-DD"),
    ("bills: [{day: 20250230}]", "bills[0].day: 20250230 is no day as YYYY-MM-DD"),
    ("cover: {starts_at: 2025-01-01, ends_at: 2025-01-01}", "cover.ends_at: 2025-01-01 00:00:00 is not after 2025-01-01 00:00:00"),
    ("cover: {starts_at: soon, ends_at: 2025-01-01}", "cover.starts_at: soon is no moment as YYYY-MM-DD or YYYY-MM-DDTHH:MM"),
    ("event: {injuries: [11]}", "event.injuries[0]: 11 is above 10"),
    ("event: {at: '2025-01-01T00:00+08:00'}\ncover: {starts_at: 2025-01-01, ends_at: 2026-01-01}",
     "event.at: the event and the cover must both state a time zone, or neither"),
    ("insured: {premium_paid: 1}", "insured.premium_due: state both the premium paid and the premium due, or none"),
    ("insured: {premium_paid: 1, premium_due: 0}", "insured.premium_due: it cannot be zero"),
    ("used_before: {paid: much}", "used_before.paid: much is no number"),
    ("used_before: []", "used_before: [] is no set of keys and values"),
    ("insurred: {}", "insurred: there is no such field; did you mean insured?"),
])
def test_what_cannot_be_is_named_by_its_place(text: str, message: str) -> None:
    assert refused(text) == [message]


def test_a_case_among_several_is_named() -> None:
    text = "cover: {starts_at: 2025-01-01, ends_at: 2026-01-01}\ncases: [{}, {event: {at: '2025-01-01T00:00+08:00'}}]"
    assert refused(text) == ["cases[1].event.at: the event and the cover must both state a time zone, or neither"]


def test_an_empty_record_is_a_case_of_nothing() -> None:
    assert cases_of(read_text("{}")).cases[0].facts.bills == ()
