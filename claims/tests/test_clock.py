"""Deadlines: which day is the last one, with weekends, public holidays, worked weekends and a clock that stands."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.rules.clock import Pause, Term, Unit, WorkCalendar, counted, days_left, due_on

#: National Day 2026 as published: 1 to 7 October off, Sunday 20 September and Saturday 10 October worked.
NATIONAL_DAY = WorkCalendar(
    off=frozenset(date(2026, 10, day) for day in range(1, 8)), worked=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
    known_until=date(2026, 12, 31),
)
PLAIN = WorkCalendar()
C, W = Unit.CALENDAR, Unit.WORKING


@pytest.mark.parametrize(
    ("begun", "days", "unit", "last"),
    [
        (date(2026, 11, 2), 1, W, date(2026, 11, 3)),  # Monday: the next day
        (date(2026, 11, 6), 1, W, date(2026, 11, 9)),  # Friday: Monday
        (date(2026, 11, 7), 1, W, date(2026, 11, 9)),  # a report on Saturday begins then, Monday is its first day
        (date(2026, 11, 5), 3, W, date(2026, 11, 10)),
        (date(2026, 11, 2), 30, C, date(2026, 12, 2)),
        (date(2026, 11, 5), 10, C, date(2026, 11, 16)),  # the tenth day is Sunday 15: Monday is the last one
        (date(2026, 9, 18), 1, W, date(2026, 9, 20)),  # a worked Sunday
        (date(2026, 9, 30), 3, W, date(2026, 10, 10)),  # 8, 9 and the worked Saturday
        (date(2026, 9, 23), 10, C, date(2026, 10, 8)),  # the tenth day, 3 October, is off, and so are those behind it
        (date(2028, 2, 28), 1, C, date(2028, 2, 29)),
    ],
)
def test_the_last_day_of_a_term(begun: date, days: int, unit: Unit, last: date) -> None:
    assert due_on(begun, Term(days, unit), calendar=NATIONAL_DAY) == last


def test_days_spent_waiting_for_papers_do_not_count() -> None:
    begun, term = date(2026, 11, 2), Term(10)
    waited = Pause(date(2026, 11, 5), date(2026, 11, 12))
    # 3, 4, 5 and then 13 to 19: the papers were complete on the 12th, which is none.
    assert due_on(begun, term, pauses=[waited], calendar=PLAIN) == date(2026, 11, 19)
    assert counted(begun, date(2026, 11, 12), C, pauses=[waited], calendar=PLAIN) == 3
    assert counted(begun, date(2026, 11, 13), C, pauses=[waited], calendar=PLAIN) == 4
    # Asked and complete on one day takes nothing away.
    same = Pause(date(2026, 11, 5), date(2026, 11, 5))
    assert due_on(begun, term, pauses=[same], calendar=PLAIN) == date(2026, 11, 12)
    # Two waits that overlap are counted once.
    twice = [waited, Pause(date(2026, 11, 10), date(2026, 11, 14))]
    assert due_on(begun, term, pauses=twice, calendar=PLAIN) == date(2026, 11, 23)  # the 21st is a Saturday


def test_while_papers_are_waited_for_nobody_knows_the_last_day_and_nothing_is_used_up() -> None:
    begun, term, open_wait = date(2026, 11, 2), Term(10), [Pause(date(2026, 11, 5))]
    assert due_on(begun, term, pauses=open_wait, calendar=PLAIN) is None
    for today in (date(2026, 11, 5), date(2026, 11, 6), date(2027, 1, 1)):
        assert days_left(begun, term, today=today, pauses=open_wait, calendar=PLAIN) == 7
    # Papers that are asked for when the term is over do not heal it.
    late = [Pause(date(2026, 11, 20))]
    assert due_on(begun, term, pauses=late, calendar=PLAIN) == date(2026, 11, 12)


@pytest.mark.parametrize(
    ("today", "unit", "left"),
    [
        (date(2026, 11, 2), W, 3), (date(2026, 11, 3), W, 2), (date(2026, 11, 5), W, 0), (date(2026, 11, 6), W, -1),
        (date(2026, 11, 8), W, -1), (date(2026, 11, 9), W, -2), (date(2026, 11, 9), C, -4), (date(2026, 11, 1), C, 3),
    ],
)
def test_days_that_are_left_or_overdue(today: date, unit: Unit, left: int) -> None:
    assert days_left(date(2026, 11, 2), Term(3, unit), today=today, calendar=PLAIN) == left


def test_a_calendar_says_how_far_it_is_known() -> None:
    assert NATIONAL_DAY.knows(date(2026, 12, 31))
    assert not NATIONAL_DAY.knows(date(2027, 1, 1))
    assert not PLAIN.knows(date(2026, 1, 1))
    assert (NATIONAL_DAY.works(date(2026, 10, 10)), PLAIN.works(date(2026, 10, 10))) == (True, False)


def test_what_cannot_be_is_refused() -> None:
    for wrong in (
        lambda: Term(0), lambda: Term(-1), lambda: Term(3_661), lambda: Pause(date(2026, 1, 2), date(2026, 1, 1)),
        lambda: WorkCalendar(off=frozenset({date(2026, 1, 1)}), worked=frozenset({date(2026, 1, 1)})),
    ):
        with pytest.raises(ValueError, match=r"cannot be|is no number of days"):
            wrong()


_DAYS = st.dates(date(2026, 8, 1), date(2026, 12, 1))
_PAUSES = st.lists(st.tuples(_DAYS, st.integers(0, 30)), max_size=4).map(
    lambda waits: [Pause(asked, asked + timedelta(days=days)) for asked, days in waits]
)


@given(begun=_DAYS, days=st.integers(1, 60), unit=st.sampled_from(Unit), pauses=_PAUSES)
def test_the_last_day_is_the_first_on_which_the_term_is_full(
    begun: date, days: int, unit: Unit, pauses: list[Pause]
) -> None:
    last = due_on(begun, Term(days, unit), pauses=pauses, calendar=NATIONAL_DAY)
    assert last is not None and NATIONAL_DAY.works(last)
    assert counted(begun, last, unit, pauses=pauses, calendar=NATIONAL_DAY) >= days
    # With one wait more it is never earlier, and within the term nothing is overdue.
    later = due_on(begun, Term(days, unit), pauses=[*pauses, Pause(begun, begun + timedelta(days=5))], calendar=NATIONAL_DAY)
    assert later is not None and later >= last
    assert days_left(begun, Term(days, unit), today=last, pauses=pauses, calendar=NATIONAL_DAY) == 0
    if unit == Unit.WORKING:
        assert counted(begun, last, unit, pauses=pauses, calendar=NATIONAL_DAY) == days
