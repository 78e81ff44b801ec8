"""Files read into chunks of text cells: CSV, TSV, XLSX and XLS by content; nothing here judges a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TypeAlias

from intake.columns import Column
from intake.readers.csv_file import CsvTable
from intake.readers.sniffing import USUAL_LIMITS, FileRefused, Kind, Limits, Source, TextCoding, detect_coding, sniff
from intake.readers.table import CELL_BREAK, FORMULA_MARK, NUMERIC_MARK, RawChunk, Sheet
from intake.readers.text import split_raw
from intake.readers.workbook import CHOICES_SHEET, NOTES_SHEET, Several, WorkbookTable

__all__ = [
    "CELL_BREAK",
    "CHOICES_SHEET",
    "FORMULA_MARK",
    "NOTES_SHEET",
    "NUMERIC_MARK",
    "CsvTable",
    "FileRefused",
    "Kind",
    "Limits",
    "RawChunk",
    "Several",
    "Sheet",
    "Source",
    "Table",
    "TextCoding",
    "WorkbookTable",
    "detect_coding",
    "open_table",
    "raw_cells",
    "read_chunks",
    "sniff",
]

Table: TypeAlias = CsvTable | WorkbookTable


def open_table(
    source: Source,
    columns: Sequence[Column],
    *,
    name: str = "",
    aliases: Mapping[str, str] | None = None,
    sheets: Sequence[str] | None = None,
    several: Several = Several.ALL,
    limits: Limits = USUAL_LIMITS,
) -> Table:
    """The file with its header found, or `FileRefused` with every file finding that stops it.

    `source` is a path or a seekable binary file; `aliases` maps headings to keys; `sheets` keeps only these sheets;
    without it every visible sheet that has the headings is read as one roster, or with `Several.ASK` a person is asked.
    `.sheets` and the header's `.findings` (warnings) are known at once; `.chunks(rows_per_chunk=, start_chunk=)` reads
    and completes the findings with what was left out or filled in; close it.
    """
    if sniff(source, name=name, limits=limits) is not Kind.CSV:
        return WorkbookTable(source, columns, aliases=aliases, chosen=sheets, several=several, limits=limits)
    return CsvTable(source, columns, aliases=aliases, limits=limits)


def read_chunks(
    source: Source,
    columns: Sequence[Column],
    *,
    rows_per_chunk: int = 100_000,
    start_chunk: int = 0,
    name: str = "",
    aliases: Mapping[str, str] | None = None,
    sheets: Sequence[str] | None = None,
    several: Several = Several.ALL,
    limits: Limits = USUAL_LIMITS,
) -> Iterator[RawChunk]:
    """The chunks of a file from `start_chunk` on: the same file and size always give the same chunks."""
    with closing(open_table(source, columns, name=name, aliases=aliases, sheets=sheets, several=several, limits=limits)) as table:
        yield from table.chunks(rows_per_chunk=rows_per_chunk, start_chunk=start_chunk)


def raw_cells(raw: str, sheet: Sheet) -> list[str]:
    """The cells of a row as they came, unknown columns included, as many as the sheet has headings or more."""
    cells = raw.split(CELL_BREAK) if sheet.delimiter == CELL_BREAK else split_raw(raw, sheet.delimiter)
    return cells + [""] * (sheet.width - len(cells))
