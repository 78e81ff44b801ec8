"""Years as the notices publish them, and a year as months and weeks to be looked at; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from claims.rules.clock import WorkCalendar

_WEEK = 7
#: A notice names both, each year: without them a year is not taken in yet, whatever single days of it are.
_ALWAYS_OFF = ((1, 1), (10, 1))
#: From this day of December on the next year's notice should be out.
NOTICE_MONTH = 12


class Look(StrEnum):
    """What a day is, to be seen at a glance."""

    WORKING = "working"
    WEEKEND = "weekend"
    OFF = "off"
    WORKED = "worked"


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a month's table; `name`: why it is off or worked."""

    day: date
    look: Look
    name: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """Weeks from Monday on; None where a week reaches into another month."""

    number: int
    weeks: tuple[tuple[Cell | None, ...], ...]
    working: int


def published(off: Iterable[date]) -> frozenset[int]:
    """Years whose calendar has been taken in."""
    days = frozenset(off)
    return frozenset(
        day.year for day in days if all(date(day.year, month, number) in days for month, number in _ALWAYS_OFF)
    )


def known_until(off: Iterable[date]) -> date | None:
    """The last day that calendars without a gap speak of, from the earliest year on; None without any."""
    years = published(off)
    if not years:
        return None
    last = min(years)
    while last + 1 in years:
        last += 1
    return date(last, 12, 31)


def missing_year(known: date | None, *, today: date) -> int | None:
    """The first year whose calendar should be known today, and is not: this one, or in December the next."""
    wanted = today.year + (today.month >= NOTICE_MONTH)
    if known is None:
        return today.year
    return known.year + 1 if known.year < wanted else None


def months_of(year: int, calendar: WorkCalendar, names: Mapping[date, str]) -> tuple[Month, ...]:
    """The twelve months of a year."""
    return tuple(_month(year, number, calendar, names) for number in range(1, 13))


def _month(year: int, number: int, calendar: WorkCalendar, names: Mapping[date, str]) -> Month:
    first = date(year, number, 1)
    last = date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)
    days = [first + timedelta(days=step) for step in range(last.day)]
    cells: list[Cell | None] = [None] * first.weekday()
    cells += [Cell(day, _look(day, calendar), names.get(day, "")) for day in days]
    cells += [None] * (-len(cells) % _WEEK)
    weeks = tuple(tuple(cells[at : at + _WEEK]) for at in range(0, len(cells), _WEEK))
    return Month(number, weeks, sum(calendar.works(day) for day in days))


def _look(day: date, calendar: WorkCalendar) -> Look:
    if day in calendar.worked:
        return Look.WORKED
    if day in calendar.off:
        return Look.OFF
    return Look.WORKING if calendar.works(day) else Look.WEEKEND


@dataclass(frozen=True, slots=True)
class Spell:
    """Days in a row that a notice names alike, the last one included."""

    first: date
    last: date
    look: Look
    name: str


def spells_of(days: Iterable[tuple[date, Look, str]]) -> list[Spell]:
    """Days that are off or worked, taken together where one follows the other."""
    found: list[Spell] = []
    for day, look, name in sorted(days):
        last = found[-1] if found else None
        if last is not None and (last.look, last.name) == (look, name) and day - last.last == timedelta(days=1):
            found[-1] = Spell(last.first, day, look, name)
        else:
            found.append(Spell(day, day, look, name))
    return found
