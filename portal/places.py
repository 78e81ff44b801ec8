"""Tables of places as they stand on the workbench: numbers as text, shaded by their size; nothing is counted here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

from audit import panels
from audit.panels import PlaceData, PlaceTable
from portal.figures import number_text

#: Steps from the lightest ground to the darkest.
SHADES = 5


@dataclass(frozen=True)
class Cell:
    """A number as text, and how dark its ground is: 0 for none."""

    text: str
    shade: int = 0


@dataclass(frozen=True)
class Line:
    """A place with its cells, or the sums of several."""

    name: str
    url: str
    cells: list[Cell]


@dataclass(frozen=True)
class Group:
    """Places of one city; `sums` where there are several."""

    name: str
    lines: list[Line]
    sums: list[Cell]


@dataclass(frozen=True)
class PlaceCard:
    """A table, drawn."""

    table: PlaceTable
    columns: list[str]
    groups: list[Group]
    sums: list[Cell]


def place_card(table: PlaceTable, user: Any) -> PlaceCard:
    """Ask a table for its data and draw it."""
    data = table.data(user)
    highest = _highest(data)
    return PlaceCard(
        table,
        [str(column) for column in data.columns],
        [
            Group(
                str(group.name),
                [
                    Line(
                        str(place.name), panels.address(place.url),
                        [
                            Cell(_text(value), shade(value, highest[at])) for at, value in enumerate(place.values)
                        ],
                    )
                    for place in group.places
                ],
                _plain(group.sums) if len(group.places) > 1 and None not in group.sums else [],
            )
            for group in data.groups
        ],
        _plain(data.sums),
    )


def shade(value: int | Decimal | None, highest: int | Decimal) -> int:
    """From 1 to SHADES in equal steps up to the highest; nothing has none."""
    if not value or value < 0:
        return 0
    return ceil(SHADES * Decimal(value) / Decimal(highest))


def _highest(data: PlaceData) -> list[int | Decimal]:
    lines = [place.values for group in data.groups for place in group.places]
    return [max([value for value in column if value is not None], default=0) for column in zip(*lines, strict=True)]


def _plain(values: Sequence[int | Decimal | None]) -> list[Cell]:
    return [Cell(_text(value)) for value in values]


def _text(value: int | Decimal | None) -> str:
    return "—" if value is None else number_text(value)
