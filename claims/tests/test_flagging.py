"""What is odd about a claim, as tables of cases; pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from claims.rules.flagging import (
    Overlap,
    Stay,
    Usual,
    after_death,
    folded,
    outside_cover,
    overlaps,
    soon_after_begin,
    unusual,
)

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def stay(bill: int, first: int, last: int, *, own: bool = True) -> Stay:
    return Stay(bill, date(2026, 3, first), date(2026, 3, last), own)


@pytest.mark.parametrize(
    ("stays", "least", "found"),
    [
        ([stay(1, 1, 10), stay(2, 10, 15)], 1, []),  # a transfer
        ([stay(1, 1, 10), stay(2, 8, 15)], 1, [(1, 2, 2)]),  # of the claim's own, told once
        ([stay(1, 1, 10), stay(2, 8, 15)], 3, []),
        ([stay(1, 1, 10), stay(2, 3, 5, own=False)], 1, [(1, 2, 2)]),
        ([stay(5, 3, 5), stay(2, 1, 10, own=False), stay(3, 4, 20, own=False)], 1, [(5, 2, 2), (5, 3, 1)]),
        ([stay(1, 1, 10, own=False), stay(2, 1, 10, own=False)], 1, []),  # others are not ours to look at
        ([stay(1, 4, 4), stay(2, 1, 10)], 1, []),  # in and out on one day shares no night
    ],
)
def test_stays_that_overlap(stays: list[Stay], least: int, found: list[tuple[int, int, int]]) -> None:
    assert [(each.stay.bill, each.other.bill, each.days) for each in overlaps(stays, least=least)] == found
    assert all(isinstance(each, Overlap) for each in overlaps(stays, least=least))


@pytest.mark.parametrize(
    ("at", "side"),
    [
        (BEGIN - timedelta(seconds=1), "before"), (BEGIN, ""), (END - timedelta(seconds=1), ""), (END, "after"),
    ],
)
def test_the_event_and_the_cover(at: datetime, side: str) -> None:
    assert outside_cover(at, BEGIN, END) == side


@pytest.mark.parametrize(
    ("after", "days", "followed_on", "found"),
    [
        (timedelta(0), 30, False, 0), (timedelta(days=29, hours=23), 30, False, 29), (timedelta(days=30), 30, False, None),
        (timedelta(days=3), 30, True, None), (timedelta(days=-1), 30, False, None), (timedelta(0), 0, False, None),
    ],
)
def test_soon_after_the_first_cover_began(after: timedelta, days: int, followed_on: bool, found: int | None) -> None:
    assert soon_after_begin(BEGIN + after, BEGIN, days=days, followed_on=followed_on) == found


def test_treatment_after_death_counts_from_the_next_day_on() -> None:
    died = date(2026, 5, 1)
    assert after_death([date(2026, 5, 2), died, date(2026, 4, 30)], died) == [date(2026, 5, 2)]
    assert after_death([date(2026, 5, 2)], None) == []


def test_an_amount_is_unusual_above_the_high_end_of_enough_cases() -> None:
    usual = Usual(30, Decimal("1000.00"), Decimal("5000.00"))
    assert unusual(Decimal("5000.01"), usual, least=30)
    assert not unusual(Decimal("5000.00"), usual, least=30)
    assert not unusual(Decimal("9999.00"), usual, least=31)
    assert not unusual(Decimal("9999.00"), None, least=1)


def test_names_are_compared_as_two_systems_write_them() -> None:
    assert folded("阿依古丽 • 买买提") == folded("阿依古丽·买买提")
    assert folded("王小明") != folded("王小鸣")
