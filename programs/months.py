"""What a month's closing counts and asks about: each room says its own figures and what of it is still open.

Nothing here writes. A figure is declared with its definition, which is kept with what was counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise

from programs.models.books import month_after


@dataclass(frozen=True)
class Month:
    """One month of one program: from the begin of its first day to before the begin of the next month's."""

    program_id: int
    first: date

    @property
    def begins_at(self) -> datetime:
        """Its first moment."""
        return _midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return _midnight(month_after(self.first))

    @property
    def facts(self) -> dict[str, Any]:
        """As SQL takes them: program, begin and end, first (day) and next (month's first day)."""
        return {
            "program": self.program_id, "begin": self.begins_at, "end": self.ends_at, "first": self.first,
            "next": month_after(self.first),
        }


@dataclass(frozen=True)
class Measure:
    """One figure. `definition`: in words, kept with the figures. `is_money`: yuan, else a number of covers or people.

    `is_standing`: what stands at the month's end (before it and in it together), where others are what happened in it.
    `detail`: by what it is told further (a responsibility, a state, an insurer), with `names` of a program's details by their
    codes. `overlaps`: each payer's is whole, so that payers are not summed up.
    """

    code: str
    title: str | Promise
    definition: str | Promise
    is_money: bool = False
    is_standing: bool = False
    #: Each payer's part; else the payer is not told.
    by_payer: bool = False
    overlaps: bool = False
    detail: str | Promise = ""
    names: Callable[[int, Iterable[str]], Mapping[str, str]] | None = None


@dataclass(frozen=True)
class Cell:
    """A measure's value of a place, a category, a payer and a detail: before the month, and in it."""

    measure: str
    county: str
    category_id: int | None
    funder_id: int | None
    before: Decimal
    amount: Decimal
    detail: str = ""


@dataclass(frozen=True)
class Counting:
    """Measures that one statement counts: rows (measure, county, category, funder, before, amount), with a month's facts; a
    seventh column is the detail."""

    measures: Sequence[Measure]
    sql: str

    def cells(self, month: Month) -> Iterable[Cell]:
        """Of a month, without those that are zero."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, month.facts)
            for measure, county, category, funder, before, amount, *detail in cursor.fetchall():
                if before or amount:
                    yield Cell(
                        measure, county or "", category, funder, Decimal(before or 0), Decimal(amount or 0),
                        str(detail[0] or "") if detail else "",
                    )


@dataclass(frozen=True)
class OpenPoint:
    """What a finance office clears up before it closes a month, or leaves to the next: a warning, never a bar.

    `count`: how many; `sentence` takes %(number)d; `address`: the list that shows them.
    """

    code: str
    sentence: str | Promise
    count: Callable[[Month], int]
    address: Callable[[Month], str] | None = None


_countings: list[Counting] = []
_open_points: list[OpenPoint] = []


def register_month(countings: Iterable[Counting] = (), open_points: Iterable[OpenPoint] = ()) -> None:
    """Called by rooms from `ready()`."""
    _countings.extend(each for each in countings if each not in _countings)
    _open_points.extend(each for each in open_points if each not in _open_points)


def measures() -> Mapping[str, Measure]:
    """Of all rooms, by code, in the order in which they were registered."""
    return {measure.code: measure for counting in _countings for measure in counting.measures}


def cells_of(month: Month) -> list[Cell]:
    """Every figure of a month, as of now."""
    return [cell for counting in _countings for cell in counting.cells(month)]


def open_points_of(month: Month) -> list[tuple[OpenPoint, int]]:
    """What is still open, with how many."""
    counted = ((point, point.count(month)) for point in _open_points)
    return [(point, number) for point, number in counted if number]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
