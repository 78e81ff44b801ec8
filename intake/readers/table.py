"""What every reader gives: sheets with their headings, and chunks of text cells with the line they came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from intake.columns import Column, HeaderMatch, KnownHeadings, match_headers
from intake.findings import FileFinding
from intake.readers.sniffing import FileRefused, refuse

HEADER_WITHIN = 10
# Between the cells of a workbook row's `raw`; XML cannot hold it, so it never needs quoting.
CELL_BREAK = "\x1f"
# A reader puts these before a cell: a number too long to be exact, a formula's cached value, an error or a formula
# without a result, and what stands in a cell only because it is merged with another.
NUMERIC_MARK = "\x1aN"
FORMULA_MARK = "\x1aF"
ERROR_MARK = "\x1aE"
MERGE_MARK = "\x1aM"
ANY_MARK = "^\x1a[NFEM]+"

PLACES = ("sheet", "line", "raw", "broken", "broken_extra")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet (a CSV file is one without a name): its headings as they stand, and how a row's `raw` is cut."""

    name: str
    headers: tuple[str, ...]
    header_line: int
    match: HeaderMatch
    delimiter: str
    # The rows up to the header as they came: a printed list repeats them on each page.
    above: tuple[str, ...] = ()

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


class Header(NamedTuple):
    """Where the header stands among the first rows (`first` and `last` differ in a header of two rows), its headings
    as they are matched, and the match."""

    first: int
    last: int
    headings: tuple[str, ...]
    match: HeaderMatch


def find_header(
    rows: Sequence[Sequence[str | None]], columns: Sequence[Column], aliases: Mapping[str, str] | None
) -> Header:
    """The row that names most columns, the first of equals; two rows (证件 over 类型 and 号码) when they name more."""
    known = KnownHeadings(columns, aliases)
    best = Header(0, 0, trimmed(rows[0]) if rows else (), match_headers((), columns, known=known))
    for position, cells in enumerate(rows):
        match = match_headers(cells, columns, known=known)
        if len(match.mapping) > len(best.match.mapping):
            best = Header(position, position, trimmed(cells), match)
    for position, (upper, lower) in enumerate(pairwise(rows)):
        headings = under_groups(upper, lower, known)
        match = match_headers(headings, columns, known=known)
        if len(match.mapping) > len(best.match.mapping):
            best = Header(position, position + 1, trimmed(headings), match)
    return best


def under_groups(upper: Sequence[str | None], lower: Sequence[str | None], known: KnownHeadings) -> list[str]:
    """One heading for each column of a header of two rows.

    A group's heading stands over the columns to its right until the next one. 类型 under 证件 is tried as 证件类型
    first, then alone; a heading with nothing below it stands for itself.
    """
    headings, group = [], ""
    for position in range(max(len(upper), len(lower))):
        above = (upper[position] or "").strip() if position < len(upper) else ""
        below = (lower[position] or "").strip() if position < len(lower) else ""
        group = above or group
        if not below:
            headings.append(above)
            continue
        joined = group + below
        headings.append(below if known.key_of(below) and not known.key_of(joined) else joined)
    return headings


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
