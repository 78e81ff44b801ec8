"""What every reader gives: sheets with their headings, and chunks of text cells with the line they came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from intake.columns import Column, HeaderMatch, match_headers
from intake.findings import FileFinding
from intake.readers.sniffing import FileRefused, refuse

HEADER_WITHIN = 10
# Between the cells of a workbook row's `raw`; XML cannot hold it, so it never needs quoting.
CELL_BREAK = "\x1f"
# A reader puts these before a cell: a number too long to be exact, and a formula's cached value.
NUMERIC_MARK = "\x1aN"
FORMULA_MARK = "\x1aF"

PLACES = ("sheet", "line", "raw", "broken", "broken_extra")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet (a CSV file is one without a name): its headings as they stand, and how a row's `raw` is cut."""

    name: str
    headers: tuple[str, ...]
    header_line: int
    match: HeaderMatch
    delimiter: str

    @property
    def width(self) -> int:
        return len(self.headers)


class RawChunk(NamedTuple):
    """`frame`: a String column per declared column, and `sheet`, `line` (Int32, as the person's program counts lines),
    `raw` (the whole row as it came), `broken` (a finding's code when the row could not be cut into cells, with
    `broken_extra`). `done` of `total` (bytes or rows) are read."""

    number: int
    frame: pl.DataFrame
    done: int
    total: int


def trimmed(headings: Sequence[str | None]) -> tuple[str, ...]:
    """Headings without the empty ones at the end."""
    cells = [(heading or "").strip() for heading in headings]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def find_header(
    rows: Iterable[Sequence[str | None]], columns: Sequence[Column], aliases: Mapping[str, str] | None
) -> tuple[int, HeaderMatch]:
    """Which of the first rows is the header: the one that names most columns, the first of equals."""
    best, found = 0, match_headers((), columns)
    for position, cells in enumerate(rows):
        match = match_headers(cells, columns, aliases=aliases)
        if len(match.mapping) > len(found.mapping):
            best, found = position, match
    return best, found


def header_findings(match: HeaderMatch, sheet: str = "") -> list[FileFinding]:
    """What is wrong with a header, errors first."""
    listed = (("HEADER_MISSING", match.missing), ("HEADER_TWICE", match.twice), ("HEADER_UNKNOWN", match.unknown))
    return [FileFinding(code, "、".join(words), sheet) for code, words in listed if words]


def refused_header(match: HeaderMatch, sheet: str = "") -> FileRefused:
    return FileRefused(*(finding for finding in header_findings(match, sheet) if finding.code != "HEADER_UNKNOWN"))


def keyed(cells: pl.DataFrame, sheet: Sheet, columns: Sequence[Column]) -> list[pl.Expr]:
    """Expressions that name positional columns ("0", "1", ...) by key; an optional column that is absent is null."""
    present = sheet.match.mapping
    return [
        pl.col(str(present[column.key])).alias(column.key)
        if column.key in present and str(present[column.key]) in cells.columns
        else pl.lit(None, dtype=pl.String).alias(column.key)
        for column in columns
    ]


class Piece(NamedTuple):
    frame: pl.DataFrame
    done: int


def regrouped(pieces: Iterable[Piece], rows: int, limit: int) -> Iterator[Piece]:
    """The same rows in frames of exactly `rows` (the last may be shorter); refused above `limit` rows."""
    held: list[pl.DataFrame] = []
    count, seen, done = 0, 0, 0
    for piece in pieces:
        held.append(piece.frame)
        count, seen, done = count + len(piece.frame), seen + len(piece.frame), piece.done
        if seen > limit:
            raise refuse("SPLIT_FILE", f"{limit:,}")
        if count < rows:
            continue
        frame = pl.concat(held)
        for start in range(0, count - rows + 1, rows):
            yield Piece(frame.slice(start, rows), done)
        held = [frame.slice(count - count % rows)]
        count %= rows
    if count:
        yield Piece(pl.concat(held), done)
