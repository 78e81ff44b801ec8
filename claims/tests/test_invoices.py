"""Invoices by themselves: sums, days, and signs that are hidden on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from claims.rules.invoices import Finding, Invoice, Weight, days_in_hospital, findings_of, fits_mask

D = Decimal
TODAY = date(2026, 11, 27)
GOOD = Invoice(
    code="44060126", number="0012345678", check_code="a1b2c3", issued_on=date(2026, 11, 10), total=D("12000.00"),
    fund=D("6000.00"), others=D("500.00"), account=D("1000.00"), cash=D("4500.00"), self_paid=D("3500.00"),
    self_funded=D("2000.00"), lines=(D("9000.00"), D("3000.00")), admitted_on=date(2026, 11, 3),
    discharged_on=date(2026, 11, 10), name="王*明", document="4416**********1219",
)
NAME, DOCUMENT = "王小明", "441602196203151219"


def found(**changes: Any) -> list[tuple[str, str, dict[str, Any]]]:
    findings = findings_of(replace(GOOD, **changes), name=NAME, document=DOCUMENT, today=TODAY)
    return [(each.code, each.weight.value, each.facts) for each in findings]


def test_an_invoice_that_adds_up_has_no_finding() -> None:
    assert found() == []
    assert findings_of(
        Invoice("44060126", "0012345678", date(2026, 11, 10), D("88.50")), name=NAME, document=DOCUMENT, today=TODAY
    ) == ()


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"code": "4406012"}, ("INVOICE_CODE", "error", {"digits": 8})),
        ({"code": "4406012６"}, ("INVOICE_CODE", "error", {"digits": 8})),
        ({"number": "12345678901"}, ("INVOICE_NUMBER", "error", {"digits": 10})),
        ({"check_code": "12345"}, ("INVOICE_CHECK_CODE", "warning", {})),
        ({"cash": D("4499.99")}, ("TOTAL_DIFFERS", "error", {"total": D("12000.00"), "parts": D("11999.99")})),
        ({"self_paid": D("3500.06")}, ("OWN_PART_DIFFERS", "warning", {"own": D("5500.06"), "paid": D("5500.00")})),
        ({"lines": (D("9000.00"), D("2999.99"))}, ("LINES_DIFFER", "error", {"total": D("12000.00"), "lines": D("11999.99")})),
        ({"issued_on": date(2026, 11, 28)}, ("ISSUED_LATER", "error", {"day": date(2026, 11, 28)})),
        (
            {"issued_on": date(2026, 11, 2)},
            ("ISSUED_BEFORE_STAY", "warning", {"day": date(2026, 11, 2), "admitted": date(2026, 11, 3)}),
        ),
        (
            {"discharged_on": date(2026, 11, 2)},
            ("STAY_ORDER", "error", {"admitted": date(2026, 11, 3), "discharged": date(2026, 11, 2)}),
        ),
        ({"discharged_on": date(2026, 11, 28)}, ("DISCHARGED_LATER", "error", {"day": date(2026, 11, 28)})),
        ({"name": "李*明"}, ("NAME_OTHER", "error", {})),
        ({"document": "4417**********1219"}, ("DOCUMENT_OTHER", "error", {})),
    ],
)
def test_each_thing_that_does_not_fit_is_told_by_itself(changes: dict[str, Any], wanted: tuple[str, str, dict[str, Any]]) -> None:
    assert found(**changes) == [wanted]


@pytest.mark.parametrize(("event_on", "outside"), [
    (date(2026, 11, 2), True), (date(2026, 11, 3), False), (date(2026, 11, 10), False), (date(2026, 11, 11), True), (None, False),
])
def test_what_happened_lies_in_the_stay(event_on: date | None, outside: bool) -> None:
    found = findings_of(GOOD, name=NAME, document=DOCUMENT, today=TODAY, event_on=event_on)
    facts = {"event": event_on, "admitted": date(2026, 11, 3), "discharged": date(2026, 11, 10)}
    assert found == ((Finding("EVENT_OUTSIDE_STAY", Weight.WARNING, facts),) if outside else ())
    no_stay = replace(GOOD, admitted_on=None, discharged_on=None)
    assert findings_of(no_stay, name=NAME, document=DOCUMENT, today=TODAY, event_on=event_on) == ()


def test_parts_below_zero_and_a_total_of_nothing_are_no_invoice() -> None:
    assert [code for code, _weight, _facts in found(total=D("0.00"), lines=(), fund=None)] == ["TOTAL_NOT_POSITIVE"]
    assert [code for code, _weight, _facts in found(others=D("-500.00"), fund=D("7000.00"))] == ["PART_NEGATIVE"]


def test_rounding_of_five_fen_in_the_own_part_is_no_finding() -> None:
    assert found(self_paid=D("3500.05")) == []


@pytest.mark.parametrize(
    ("printed", "known", "fits"),
    [
        ("王小明", "王小明", True), ("王小明", "王晓明", False), ("王*明", "王小明", True), ("王*", "王小明", True),
        ("王**", "王小明", True), ("*小明", "王小明", True), ("欧阳**", "欧阳修远", True), ("王*", "李小明", False),
        ("", "王小明", None), ("王*明", "", None), ("王 * 明", "王小明", True), ("***", "王小明", True),
        ("4416**********1219", DOCUMENT, True), ("4416****1219", DOCUMENT, True), ("4416****1218", DOCUMENT, False),
        ("44162519951102042X", "44162519951102042x", True), ("44162519951102042X", "441625199511020421", False),
        ("441625********042X", "44162519951102042X", True), ("441602XXXXXXXX1219", DOCUMENT, True),
    ],
)
def test_hidden_signs_are_compared_by_what_is_shown(printed: str, known: str, fits: bool | None) -> None:
    assert fits_mask(printed, known) is fits


@pytest.mark.parametrize(
    ("admitted", "discharged", "days"),
    [
        (date(2026, 11, 3), date(2026, 11, 10), 7), (date(2026, 11, 3), date(2026, 11, 3), 1),
        (date(2026, 2, 28), date(2026, 3, 1), 1),
    ],
)
def test_days_in_hospital_are_counted_as_bills_count_them(admitted: date, discharged: date, days: int) -> None:
    assert days_in_hospital(admitted, discharged) == days


def test_a_stay_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before 2026-11-10"):
        days_in_hospital(date(2026, 11, 10), date(2026, 11, 3))


def test_findings_are_plain_facts() -> None:
    assert Finding("X", Weight.ERROR) == Finding("X", Weight.ERROR, {})
