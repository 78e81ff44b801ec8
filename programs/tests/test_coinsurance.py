"""Shares of insurers: whether they are whole, and what falls to each, exact to the fen. No database."""

from __future__ import annotations

from decimal import Decimal

import pytest

from programs.rules.coinsurance import Part, divide, percent, problem
from programs.rules.filing import NOTHING, filing_of, missing_papers, missing_word

D = Decimal


def parts(*shares: str, lead: int = 0) -> list[Part]:
    return [Part(number, D(share), number == lead) for number, share in enumerate(shares)]


@pytest.mark.parametrize(
    ("amount", "shares", "expected"),
    [
        ("100.00", ("60.00", "40.00"), ("60.00", "40.00")),
        ("99.00", ("50.00", "30.00", "20.00"), ("49.50", "29.70", "19.80")),
        ("0.01", ("34.00", "33.00", "33.00"), ("0.01", "0.00", "0.00")),
        ("100.00", ("33.3334", "33.3333", "33.3333"), ("33.34", "33.33", "33.33")),
        ("387000000.01", ("33.3334", "33.3333", "33.3333"), ("129000258.01", "128999871.00", "128999871.00")),
        ("0.00", ("60.00", "40.00"), ("0.00", "0.00")),
        ("99.99", ("100.00",), ("99.99",)),
    ],
)
def test_parts_are_rounded_down_and_the_lead_takes_the_rest(
    amount: str, shares: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    found = divide(D(amount), parts(*shares))
    assert (tuple(map(str, found)), sum(found)) == (expected, D(amount))


def test_whoever_leads_takes_the_rest_wherever_it_stands() -> None:
    assert divide(D("0.05"), parts("50.00", "25.00", "25.00", lead=2)) == [D("0.02"), D("0.01"), D("0.02")]


@pytest.mark.parametrize("fen", range(0, 400, 7))
def test_no_part_is_negative_and_the_sum_is_the_amount(fen: int) -> None:
    amount = D(fen) / 100
    found = divide(amount, parts("0.0004", "33.3332", "33.3332", "33.3332"))
    assert (sum(found), min(found) >= 0) == (amount, True)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], None),
        (parts("60.00", "40.00"), None),
        (parts("33.3334", "33.3333", "33.3333"), None),
        (parts("60.00", "39.9999"), ("INSURER_SHARES", {"total": "99.9999"})),
        (parts("60.00", "41.00"), ("INSURER_SHARES", {"total": "101.00"})),
        (parts("60.00", "40.00", lead=1), ("INSURER_LEADS", {})),
        (parts("60.00", "40.00", lead=9), ("INSURER_LEADS", {})),
    ],
)
def test_shares_are_the_whole_and_the_programs_insurer_leads(found: list[Part], expected: object) -> None:
    assert problem(found, insurer_id=0) == expected


def test_percents_have_two_places_and_more_where_there_are_more() -> None:
    assert [percent(D(text)) for text in ("60.0000", "33.3334", "12.5000", "0.1250")] == ["60.00", "33.3334", "12.50", "0.125"]


def test_what_is_asked_of_a_plan_follows_from_its_kind() -> None:
    asked = filing_of("supplementary")
    assert missing_word(asked, name="某市惠民保") == "定制"
    assert missing_word(asked, name="某市城市定制型商业医疗保险") == ""
    assert missing_papers(asked, papers={"legal_opinion", "other"}) == ["authorization", "actuarial_opinion"]
    for kind in ("hardship", "day_cover"):
        assert filing_of(kind) == NOTHING
        assert (missing_word(NOTHING, name="x"), missing_papers(NOTHING, papers=())) == ("", [])
