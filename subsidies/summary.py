"""Sums by county and category as a table: what requests, statements and a funder's page show. Small numbers are hidden from
whoever may not see the people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _t

from accounts.models import Region
from programs.models import Category, Program
from subsidies.reach import reaches
from subsidies.rules import hidden

ZERO = Decimal("0.00")
#: The line, and the column, of sums.
ALL = ""
#: Depths of the shades of a table.
SHADES = 4
#: What opens the people behind the numbers.
PEOPLE = "subsidies.view_fundrequestline"


@dataclass(frozen=True)
class Entry:
    """Lines and person-times of a county and category, and the yuan: `lines` are what small numbers are told by."""

    county: str
    category_id: int
    lines: int
    times: int
    amount: Decimal


@dataclass(frozen=True)
class Cell:
    """A number of person-times and yuan; both None when they are hidden. `shade`: 0 to SHADES, by the amount."""

    times: int | None
    amount: Decimal | None
    shade: int = 0

    @property
    def is_hidden(self) -> bool:
        """Whether it may not be shown to this reader."""
        return self.amount is None


@dataclass(frozen=True)
class Line:
    """A county's cells in the order of the table's headings, and their sum."""

    label: str
    cells: Sequence[Cell]
    total: Cell


@dataclass(frozen=True)
class Table:
    """Counties by categories."""

    headings: Sequence[str]
    lines: Sequence[Line]
    total: Line
    hides: bool

    @property
    def has_gaps(self) -> bool:
        """Whether something is hidden."""
        return any(cell.is_hidden for line in (*self.lines, self.total) for cell in (*line.cells, line.total))


def hides_people(user: Any, programs: Iterable[Program]) -> bool:
    """Whether small numbers are hidden: the reader may not see the people of each of these programs."""
    return not all(reaches(user, PEOPLE, program=program) for program in programs)


def table_of(entries: Iterable[Entry], *, hides: bool) -> Table:
    """Sum up and hide. The sum of all is always shown: it is what is asked. Two questions, for the names."""
    places: dict[tuple[str, str], tuple[int, int, Decimal]] = {}
    for entry in entries:
        for place in ((entry.county, str(entry.category_id)), (entry.county, ALL), (ALL, str(entry.category_id)), (ALL, ALL)):
            lines, times, amount = places.get(place, (0, 0, ZERO))
            places[place] = (lines + entry.lines, times + entry.times, amount + entry.amount)
    gaps = hidden({place: found[0] for place, found in places.items()}, known=frozenset({(ALL, ALL)})) if hides else set()
    counties = sorted({county for county, _category in places if county != ALL})
    columns = list(
        Category.objects.filter(pk__in={int(category) for _county, category in places if category != ALL})
        .order_by("position", "pk").values_list("pk", "name")
    )
    names = Region.objects.names_of(counties)
    most = max((found[2] for place, found in places.items() if ALL not in place), default=ZERO)

    def cell(county: str, category: str) -> Cell:
        _lines, times, amount = places.get((county, category), (0, 0, ZERO))
        if (county, category) in gaps:
            return Cell(None, None)
        shaded = ALL not in (county, category) and amount > 0 and most > 0
        return Cell(times, amount, shade=min(SHADES, 1 + int(amount * SHADES / most)) if shaded else 0)

    def line(county: str, label: str) -> Line:
        return Line(label, [cell(county, str(pk)) for pk, _name in columns], cell(county, ALL))

    return Table(
        [name for _pk, name in columns],
        [line(county, names.get(county) or county or _t("without a region")) for county in counties],
        line(ALL, _t("In all")), hides,
    )


def entries_of(rows: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """From rows with county, category, covers (people and removals), times and amount."""
    return [
        Entry(row["county"], row["category"], row["covers"], row["times_sum"], row["amount_sum"]) for row in rows
    ]
