"""What a reader saw of a file's sheets before any row was judged: sizes, headings, and shapes of the cells below them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from intake.columns import OWN_HEADINGS, HeaderMatch, fold_header

SAMPLES = 3
_LONG_NUMBER = re.compile(r"[0-9]{6,}")
_MARKS = re.compile("^(?:\x1a[NFEM])+")
_LONGEST = 18


class Header(Protocol):
    """What the search for the header found: the rows that it takes, its headings, their match."""

    @property
    def last(self) -> int: ...
    @property
    def headings(self) -> Sequence[str]: ...
    @property
    def match(self) -> HeaderMatch: ...


@dataclass(frozen=True, slots=True)
class SheetSeen:
    """`known`: keys of the columns that are named; `unknown`: heading -> masked cells below it.

    `rows` is None where the file has not been counted; `read`: whether its rows are imported.
    """

    name: str
    rows: int | None
    hidden: bool = False
    read: bool = False
    known: frozenset[str] = frozenset()
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)


def shape_of(cell: str) -> str:
    """A cell as a person recognises its kind and nobody reads it: the first character, a star for each other."""
    text = _MARKS.sub("", cell).strip()
    return text[:1] + "*" * min(len(text) - 1, _LONGEST - 1) if len(text) > 1 else "*" * len(text)


def unknown_headings(
    headings: Sequence[str | None], unknown: Sequence[str], below: Sequence[Sequence[str | None]]
) -> dict[str, list[str]]:
    """Each unknown heading with the shapes of the first cells below it."""
    wanted, found = set(unknown), {}
    for position, heading in enumerate(headings):
        word = (heading or "").strip()
        if word in wanted:
            cells = (row[position] or "" for row in below if position < len(row))
            found[word] = [shape_of(cell) for cell in cells if cell.strip()][:SAMPLES]
    return found


def likely_header(rows: Sequence[Sequence[str | None]]) -> int | None:
    """The row that reads like headings when none of them is known: words over long numbers, no long number itself.

    None where there is no such row: then the first row may be a person, and nothing of it is kept or shown.
    """
    for position, cells in enumerate(rows[:-1]):
        words = [cell for cell in cells if fold_header(cell) and fold_header(cell) not in OWN_HEADINGS]
        if len(words) < 2 or any(_LONG_NUMBER.search(word or "") for word in words):
            continue
        below = rows[position + 1]
        if any(
            _LONG_NUMBER.search(cell or "") and place < len(cells) and fold_header(cells[place])
            for place, cell in enumerate(below)
        ):
            return position
    return None


def seen_of(
    name: str, rows: Sequence[Sequence[str | None]], header: Header, *, count: int | None, hidden: bool = False
) -> SheetSeen:
    """A sheet as it looks from its first rows."""
    known = frozenset(header.match.mapping)
    if known:
        below = rows[header.last + 1 :]
        return SheetSeen(
            name, count, hidden, known=known, unknown=unknown_headings(header.headings, header.match.unknown, below)
        )
    place = likely_header(rows)
    if place is None:
        return SheetSeen(name, count, hidden)
    words = [(cell or "").strip() for cell in rows[place]]
    return SheetSeen(
        name, count, hidden, unknown=unknown_headings(words, [word for word in words if word], rows[place + 1 :])
    )
