"""Prices of spans as a table of cases; no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.rules.funding import resolve_split
from programs.rules.span_price import lasts_at_most, price_span
from programs.terms import PlanTerms, SchemeTerms, ShareTerms

D = Decimal
BEGIN = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

CASES = [
    # daily premium, rule, duration, minimum, price
    ("3.00", "daily", DAY, None, "3.00"),
    ("3.00", "daily", timedelta(microseconds=1), None, "3.00"),
    ("3.00", "daily", DAY + timedelta(microseconds=1), None, "6.00"),
    ("3.00", "daily", 2 * DAY, None, "6.00"),
    ("1.50", "daily", 17 * HOUR + timedelta(minutes=30), None, "1.50"),
    ("0.01", "daily", 10 * DAY, None, "0.10"),
    ("3.00", "daily", HOUR, "5.00", "5.00"),
    ("3.00", "time", DAY, None, "3.00"),
    ("3.00", "time", 12 * HOUR, None, "1.50"),
    ("3.00", "time", 8 * HOUR, None, "1.00"),
    ("3.00", "time", HOUR, None, "0.13"),  # 0.125: half up
    ("1.00", "time", HOUR, None, "0.04"),  # 0.041666...
    ("3.00", "time", timedelta(seconds=1), None, "0.00"),
    ("3.00", "time", timedelta(seconds=1), "0.50", "0.50"),
    ("3.00", "time", 30 * HOUR, "0.50", "3.75"),
    ("0.01", "time", 12 * HOUR, None, "0.01"),  # half a fen: up
    ("0.01", "time", 12 * HOUR - timedelta(microseconds=1), None, "0.00"),
    ("99999999999999.99", "time", DAY, None, "99999999999999.99"),
]


@pytest.mark.parametrize(("daily", "rule", "lasts", "minimum", "price"), CASES)
def test_a_span_costs_what_its_rule_says(daily: str, rule: str, lasts: timedelta, minimum: str | None, price: str) -> None:
    found = price_span(D(daily), rule=rule, starts_at=BEGIN, ends_at=BEGIN + lasts, minimum=D(minimum) if minimum else None)
    assert str(found) == price


def test_the_zone_of_a_moment_does_not_matter() -> None:
    ends_at = (BEGIN + 12 * HOUR).astimezone(ZoneInfo("Asia/Shanghai"))
    assert price_span(D("3.00"), rule="time", starts_at=BEGIN, ends_at=ends_at) == D("1.50")


@pytest.mark.parametrize(("rule", "lasts"), [("time", timedelta(0)), ("daily", -HOUR), ("monthly", DAY), ("none", DAY)])
def test_no_price_is_given_without_a_rule_or_a_time(rule: str, lasts: timedelta) -> None:
    with pytest.raises(ValueError):
        price_span(D("3.00"), rule=rule, starts_at=BEGIN, ends_at=BEGIN + lasts)


@given(st.integers(1, 10**9), st.integers(1, 10**13))
def test_a_price_by_time_is_the_exact_part_rounded_once(fen: int, moments: int) -> None:
    found = price_span(
        D(fen) / 100, rule="time", starts_at=BEGIN, ends_at=BEGIN + timedelta(microseconds=moments)
    )
    exact = Fraction(fen * moments, 86_400 * 10**6)
    assert abs(Fraction(found) * 100 - exact) <= Fraction(1, 2)
    assert found == found.quantize(D("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("hours", "lasts", "fits"),
    [(None, 400 * DAY, True), (24, DAY, True), (24, DAY + timedelta(microseconds=1), False), (8, 8 * HOUR, True)],
)
def test_a_span_is_no_longer_than_the_plans_longest(hours: int | None, lasts: timedelta, fits: bool) -> None:
    assert lasts_at_most(hours, starts_at=BEGIN, ends_at=BEGIN + lasts) is fits


def terms(*shares: ShareTerms) -> PlanTerms:
    return PlanTerms(
        plan_id=1, premium=D("3.00"), proration="time", min_age=16, max_age=65, age_on="enrollment", regions=("44",),
        categories=(("renren", 1),), schemes=(SchemeTerms("全部", None, "", shares),), governments={"441602": 7},
    )


@pytest.mark.parametrize(
    ("price", "shares", "own", "lines"),
    [
        ("3.00", (ShareTerms("person", None, None),), "3.00", ()),
        ("0.13", (ShareTerms("funder", 5, None),), "0.00", ((5, "0.13"),)),
        ("0.13", (ShareTerms("county", None, D("1.00")), ShareTerms("funder", 5, None)), "0.00", ((7, "0.04"), (5, "0.09"))),
        ("3.75", (ShareTerms("person", None, D("0.50")), ShareTerms("county", None, D("1.00")), ShareTerms("funder", 5, None)),
         "0.50", ((7, "1.25"), (5, "2.00"))),
        ("0.30", (ShareTerms("person", None, D("0.50")), ShareTerms("funder", 5, None)), "0.30", ()),
    ],
)
def test_shares_of_a_spans_price_sum_to_it_to_the_fen(
    price: str, shares: tuple[ShareTerms, ...], own: str, lines: tuple[tuple[int, str], ...]
) -> None:
    split = resolve_split(terms(*shares), county="441602", category_id=1, premium=D(price))
    assert (str(split.own_share), tuple((funder, str(amount)) for funder, amount in split.lines)) == (own, lines)
    assert split.own_share + sum(amount for _funder, amount in split.lines) == D(price)
