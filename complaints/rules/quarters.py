"""Quarters of a year, and what complaints of one come to; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from claims.rules.clock import WorkCalendar

_MONTHS = 3
_DAY = timedelta(days=1)
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, order=True, slots=True)
class Quarter:
    """One of four of a year."""

    year: int
    number: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number * _MONTHS - 2, 1)

    @property
    def until(self) -> date:
        """The first day after it."""
        return self.next.first

    @property
    def next(self) -> Quarter:
        """The one after it."""
        return Quarter(self.year, self.number + 1) if self.number < 4 else Quarter(self.year + 1, 1)

    @property
    def before(self) -> Quarter:
        """The one before it."""
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)

    @property
    def code(self) -> str:
        """As addresses and files have it: 2026Q4."""
        return f"{self.year}Q{self.number}"

    @classmethod
    def of(cls, day: date) -> Quarter:
        """In which a day lies."""
        return cls(day.year, (day.month + 2) // _MONTHS)

    @classmethod
    def read(cls, code: str) -> Quarter | None:
        """What `code` says, or None."""
        year, mark, number = code.partition("Q")
        if not (mark and year.isascii() and year.isdecimal() and len(year) == 4 and number in ("1", "2", "3", "4")):
            return None
        return cls(int(year), int(number)) if int(year) >= 1900 else None


@dataclass(frozen=True, slots=True)
class Group:
    """So many complaints that are alike. `outcome` "" and `told_on` None: nothing was told yet."""

    number: int
    state: str
    outcome: str
    received_on: date
    due_on: date
    told_on: date | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What complaints come to. `days`: working days from receipt to telling, of all that were told."""

    received: int = 0
    withdrawn: int = 0
    running: int = 0
    overdue: int = 0
    told: int = 0
    in_time: int = 0
    upheld: int = 0
    partly: int = 0
    not_upheld: int = 0
    days: int = 0

    @property
    def in_time_share(self) -> Decimal | None:
        """Percent of those that were told, or should have been, that were told in time."""
        return _share(self.in_time, self.told + self.overdue)

    @property
    def upheld_share(self) -> Decimal | None:
        """Percent of those that were told, upheld wholly or partly."""
        return _share(self.upheld + self.partly, self.told)

    @property
    def average_days(self) -> Decimal | None:
        """Working days from receipt to telling."""
        return (Decimal(self.days) / self.told).quantize(HUNDREDTH) if self.told else None


def summed(groups: Iterable[Group], *, calendar: WorkCalendar, today: date) -> Sums:
    """Groups put together; a term that is over and not met counts as overdue."""
    found = dict.fromkeys(Sums.__dataclass_fields__, 0)
    for each in groups:
        found["received"] += each.number
        if each.state == "withdrawn":
            found["withdrawn"] += each.number
        elif each.told_on is None:
            found["overdue" if each.due_on < today else "running"] += each.number
        else:
            found["told"] += each.number
            found["in_time"] += each.number * (each.told_on <= each.due_on)
            found[each.outcome] += each.number
            found["days"] += each.number * working_days(each.received_on, each.told_on, calendar)
    return Sums(**found)


def working_days(received_on: date, told_on: date, calendar: WorkCalendar) -> int:
    """Days on which is worked after the receipt, up to the day of telling."""
    return sum(calendar.works(received_on + _DAY * step) for step in range(1, (told_on - received_on).days + 1))


def _share(part: int, whole: int) -> Decimal | None:
    return (Decimal(100) * part / whole).quantize(HUNDREDTH) if whole else None
