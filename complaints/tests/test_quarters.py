"""Quarters and what complaints of one come to: tables of cases, no database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from claims.rules.clock import WorkCalendar
from complaints.rules.quarters import Group, Quarter, Sums, summed, working_days

D = Decimal
#: The first days of October are off, the Saturday after them is worked.
CALENDAR = WorkCalendar(
    off=frozenset(date(2026, 10, day) for day in range(1, 8)), worked=frozenset({date(2026, 10, 10)}),
    known_until=date(2026, 12, 31),
)
RECEIVED, DUE = date(2026, 9, 28), date(2026, 10, 13)


@pytest.mark.parametrize(("day", "code", "first", "until"), [
    ("2026-01-01", "2026Q1", "2026-01-01", "2026-04-01"), ("2026-03-31", "2026Q1", "2026-01-01", "2026-04-01"),
    ("2026-06-30", "2026Q2", "2026-04-01", "2026-07-01"), ("2026-12-31", "2026Q4", "2026-10-01", "2027-01-01"),
])
def test_a_quarter_is_that_of_a_day(day: str, code: str, first: str, until: str) -> None:
    found = Quarter.of(date.fromisoformat(day))
    assert (found.code, found.first, found.until) == (code, date.fromisoformat(first), date.fromisoformat(until))
    assert Quarter.read(code) == found and found.next.before == found == found.before.next


@pytest.mark.parametrize("code", ["", "2026", "2026Q5", "2026Q0", "26Q1", "0000Q1", "２０２６Q1", "2026Q", "Q1", "2026Q1 "])
def test_nonsense_is_no_quarter(code: str) -> None:
    assert Quarter.read(code) is None


@pytest.mark.parametrize(("told", "days"), [
    ("2026-09-28", 0), ("2026-09-29", 1), ("2026-10-07", 2), ("2026-10-09", 4), ("2026-10-10", 5), ("2026-10-12", 6),
])
def test_working_days_leave_out_holidays_and_count_worked_weekends(told: str, days: int) -> None:
    assert working_days(RECEIVED, date.fromisoformat(told), CALENDAR) == days


def group(number: int, state: str, outcome: str = "", told: str = "") -> Group:
    return Group(number, state, outcome, RECEIVED, DUE, date.fromisoformat(told) if told else None)


def test_sums_shares_and_averages() -> None:
    groups = [
        group(2, "told", "upheld", "2026-09-29"), group(1, "told", "partly", "2026-10-13"),
        group(1, "told", "not_upheld", "2026-10-14"),
        group(3, "withdrawn"), group(1, "open"), group(1, "answered", "upheld"),
    ]
    found = summed(groups, calendar=CALENDAR, today=date(2026, 10, 14))
    assert found == Sums(
        received=9, withdrawn=3, running=0, overdue=2, told=4, in_time=3, upheld=2, partly=1, not_upheld=1, days=2 + 7 + 8
    )
    assert (found.in_time_share, found.upheld_share, found.average_days) == (D("50.00"), D("75.00"), D("4.25"))
    # On the last day of its term nothing is overdue yet.
    assert summed(groups, calendar=CALENDAR, today=DUE).running == 2


def test_of_nothing_there_is_no_share_and_no_average() -> None:
    found = summed([], calendar=CALENDAR, today=DUE)
    assert (found, found.in_time_share, found.upheld_share, found.average_days) == (Sums(), None, None, None)
