"""A file of reference data as rows of text cells, each with its line; what a cell means is the resource's affair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import BinaryIO

import polars as pl
import tablib

from intake.columns import Column, match_headers
from intake.findings import FileFinding
from intake.readers import Several, open_table, raw_cells
from intake.readers.sniffing import USUAL_LIMITS
from intake.readers.table import PLACES, refused_header

#: Bytes and rows of one file: beyond that a command takes it in.
MOST_BYTES = 8 * 1024**2
MOST_ROWS = 30_000
LIMITS = replace(
    USUAL_LIMITS, entries=200, unpacked=256 * 1024**2, output=512 * 1024**2, cpu_seconds=20, wall_seconds=30, rows=MOST_ROWS,
    record=64 * 1024,
)


class ListFile(tablib.Dataset):
    """django-import-export's dataset, with what it forgets: lines, sheets, the cells as they came, what the reader found.

    `headers` are keys of columns; `frame` is a reader's (see `intake.readers.RawChunk`).
    """

    def __init__(self, frame: pl.DataFrame, keys: Sequence[str]) -> None:
        super().__init__(headers=list(keys))
        self.frame = frame
        self.findings: list[FileFinding] = []
        #: The headings of each sheet as they stand, and the cells of each row.
        self.headings: dict[str, tuple[str, ...]] = {"": tuple(keys)}
        self.cells: list[list[str]] = []
        #: Keys of the columns that the file has.
        self.present = frozenset(keys)
        for row in frame.select(list(keys)).rows():
            self.append([cell or "" for cell in row])


def read_list(source: BinaryIO, columns: Sequence[Column], *, name: str = "") -> ListFile:
    """The rows of a CSV or workbook; `FileRefused` says why it cannot be read. One sheet only: a list is one table."""
    with closing(open_table(source, columns, name=name, several=Several.ASK, limits=LIMITS)) as table:
        frame = pl.concat([chunk.frame for chunk in table.chunks(rows_per_chunk=MOST_ROWS)])
        found = ListFile(frame, [column.key for column in columns])
        found.findings = list(table.findings)
        found.headings = {sheet.name: sheet.headers for sheet in table.sheets.values()}
        found.present = frozenset(key for sheet in table.sheets.values() for key in sheet.match.mapping)
        found.cells = [
            raw_cells(raw or "", table.sheets[sheet]) for sheet, raw in frame.select("sheet", "raw").rows()
        ]
    return found


def as_list(dataset: tablib.Dataset, columns: Sequence[Column]) -> ListFile:
    """A dataset of somebody's own making, whose headings are those of the columns."""
    if isinstance(dataset, ListFile):
        return dataset
    match = match_headers(dataset.headers or (), columns)
    if not match.usable:
        raise refused_header(match)
    rows = [["" if cell is None else str(cell) for cell in row] for row in dataset]
    cells: Mapping[str, list[str]] = {
        key: [row[place] if place < len(row) else "" for row in rows] for key, place in match.mapping.items()
    }
    frame = pl.DataFrame(
        {
            "sheet": [""] * len(rows), "line": range(2, len(rows) + 2), "raw": [""] * len(rows), "broken": [None] * len(rows),
            "broken_extra": [None] * len(rows),
            **{column.key: [cell or None for cell in cells.get(column.key, [""] * len(rows))] for column in columns},
        },
        schema={
            **dict.fromkeys(PLACES, pl.String), "line": pl.Int32, **{column.key: pl.String for column in columns},
        },
    )
    found = ListFile(frame, [column.key for column in columns])
    found.headings, found.cells, found.present = {"": tuple(dataset.headers or ())}, rows, frozenset(match.mapping)
    return found
