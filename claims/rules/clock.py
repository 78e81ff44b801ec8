"""Deadlines of a claim in calendar or working days, on a clock that stands while papers are waited for.

The day on which a term begins is not counted, and a term of calendar days whose last day is no working day ends with the next
one (Civil Code of China, articles 201 and 203). Days are those of China's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)
_SATURDAY = 5
#: No term runs longer: whatever asks for more days has been given a wrong one.
LONGEST = 3_660


class Unit(StrEnum):
    """What a term counts."""

    CALENDAR = "calendar"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """`off`: public holidays; `worked`: days of weekends on which is worked instead (调休). `known_until`: the last day that
    the published calendars speak of; beyond it only weekends are off."""

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    known_until: date | None = None

    def __post_init__(self) -> None:
        if both := self.off & self.worked:
            raise ValueError(f"{min(both)} cannot be off and worked")

    def works(self, day: date) -> bool:
        """Whether offices work on a day."""
        return day in self.worked or (day not in self.off and day.weekday() < _SATURDAY)

    def knows(self, day: date) -> bool:
        """Whether a calendar that was published speaks of the day."""
        return self.known_until is not None and day <= self.known_until

    def working_day_from(self, day: date) -> date:
        """The day itself, or the next one on which is worked."""
        while not self.works(day):
            day += _DAY
        return day


@dataclass(frozen=True, slots=True)
class Term:
    """So many days: a legal limit, or what a plan promises."""

    days: int
    unit: Unit = Unit.CALENDAR

    def __post_init__(self) -> None:
        if not 0 < self.days <= LONGEST:
            raise ValueError(f"{self.days} is no number of days from 1 to {LONGEST}")


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stands: papers were asked for on `asked_on`, and complete on `complete_on`; None while they are waited for.

    The day of asking still counts, the day on which they were complete does not, and neither do those between.
    """

    asked_on: date
    complete_on: date | None = None

    def __post_init__(self) -> None:
        if self.complete_on is not None and self.complete_on < self.asked_on:
            raise ValueError(f"papers asked for on {self.asked_on} cannot be complete on {self.complete_on}")

    def holds(self, day: date) -> bool:
        """Whether a day does not count."""
        return day > self.asked_on and (self.complete_on is None or day <= self.complete_on)


def counted(begun_on: date, until: date, unit: Unit, *, pauses: Iterable[Pause] = (), calendar: WorkCalendar) -> int:
    """Days after `begun_on` up to and including `until` that count; none where `until` lies before."""
    stands = tuple(pauses)
    days = ((begun_on + step * _DAY) for step in range(1, (until - begun_on).days + 1))
    return sum(_counts(day, unit, stands, calendar) for day in days)


def due_on(begun_on: date, term: Term, *, pauses: Iterable[Pause] = (), calendar: WorkCalendar) -> date | None:
    """The last day in time; None while the clock stands, since nobody knows it yet, unless the term ran out before it stood."""
    stands = tuple(pauses)
    waits_from = min((pause.asked_on for pause in stands if pause.complete_on is None), default=None)
    day, gone = begun_on, 0
    while gone < term.days:
        day += _DAY
        if waits_from is not None and day > waits_from:
            return None
        gone += _counts(day, term.unit, stands, calendar)
    return calendar.working_day_from(day) if term.unit == Unit.CALENDAR else day


def days_left(
    begun_on: date, term: Term, *, today: date, pauses: Sequence[Pause] = (), calendar: WorkCalendar
) -> int:
    """Days of the term that are left after today; below zero, days that it is overdue by. A standing clock keeps what was left."""
    last = due_on(begun_on, term, pauses=pauses, calendar=calendar)
    if last is not None and today > last:
        return -counted(last, today, term.unit, pauses=pauses, calendar=calendar)
    return max(0, term.days - counted(begun_on, today, term.unit, pauses=pauses, calendar=calendar))


def _counts(day: date, unit: Unit, pauses: Sequence[Pause], calendar: WorkCalendar) -> bool:
    return not any(pause.holds(day) for pause in pauses) and (unit == Unit.CALENDAR or calendar.works(day))
