"""CSV and TSV files as sheets and chunks; how text becomes records is `text`'s."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from intake.columns import Column
from intake.findings import FileFinding
from intake.readers.rows import Screen
from intake.readers.seen import SheetSeen, seen_of
from intake.readers.sniffing import Limits, Source, detect_coding, opened, refuse
from intake.readers.table import (
    HEADER_WITHIN,
    PLACES,
    Piece,
    RawChunk,
    Sheet,
    find_header,
    header_findings,
    keyed,
    refused_header,
    regrouped,
)
from intake.readers.text import join_raw, parse_records, read_head, read_records, split_raw

_DELIMITERS = (",", "\t", ";", "|")


class CsvTable:
    """A CSV file whose header has been found; `findings` are warnings, an error raised `FileRefused` before."""

    def __init__(
        self, source: Source, columns: Sequence[Column], *, aliases: Mapping[str, str] | None, limits: Limits
    ) -> None:
        self._source, self._columns, self._limits = source, tuple(columns), limits
        self._coding = detect_coding(source)
        with opened(source) as stream:
            self._size = stream.seek(0, os.SEEK_END)
        sheet, self._grid, self.seen = self._find_sheet(aliases)
        if not sheet.match.usable:
            refused = refused_header(sheet.match)
            refused.seen = self.seen
            raise refused
        self._sheet = sheet
        self.sheets: dict[str, Sheet] = {sheet.name: sheet}
        self._header_findings = header_findings(sheet.match)
        self.findings: list[FileFinding] = self._header_findings

    def _find_sheet(self, aliases: Mapping[str, str] | None) -> tuple[Sheet, int, list[SheetSeen]]:
        """The sheet with the delimiter that finds most columns, the fields of its header, empty ones included, and how
        it looks to a person."""
        best: tuple[int, int, Sheet, int, list[SheetSeen]] | None = None
        for delimiter in _DELIMITERS:
            head = read_head(self._source, self._coding, delimiter, self._limits).head(HEADER_WITHIN)
            if head.is_empty():
                raise refuse("EMPTY")
            rows = [split_raw(raw, delimiter) for raw in head["raw"]]
            header = find_header(rows, self._columns, aliases)
            above = tuple(head["raw"][: header.last + 1])
            sheet = Sheet("", header.headings, head["line"][header.last], header.match, delimiter, above)
            seen = seen_of("", rows, header, count=None)
            rank = (len(header.match.mapping), len(header.headings), sheet, len(rows[header.last]), [seen])
            if best is None or rank[:2] > best[:2]:
                best = rank
        assert best is not None
        return best[2:]

    def chunks(self, *, rows_per_chunk: int = 100_000, start_chunk: int = 0) -> Iterator[RawChunk]:
        """Chunks numbered from 0; `findings` is complete when the last was given."""
        screen = Screen(self._sheet, self._columns, lambda raw: split_raw(raw, self._sheet.delimiter))
        number = -1
        for number, piece in enumerate(regrouped(self._pieces(screen), rows_per_chunk, self._limits.rows)):
            if number >= start_chunk:
                yield RawChunk(number, piece.frame, piece.done, self._size)
        if number < 0:
            raise refuse("NO_ROWS")
        self.findings = [*self._header_findings, *screen.findings]

    def close(self) -> None:
        """Nothing to give back; a workbook has."""

    def _pieces(self, screen: Screen) -> Iterator[Piece]:
        sheet = self._sheet
        for records in read_records(
            self._source, self._coding, sheet.delimiter, self._limits, width=sheet.width, grid=self._grid
        ):
            rows, cells = records.frame, records.cells
            if len(rows) and rows["line"][0] <= sheet.header_line:
                below = rows["line"] > sheet.header_line
                rows, cells = rows.filter(below), cells.filter(below) if cells is not None else None
            screened = screen.kept(rows)
            if cells is None:
                yield Piece(self._frame(screened), records.done)
                continue
            if len(screened) < len(rows):
                cells = cells.filter(rows["line"].is_in(screened["line"].implode()))
            yield Piece(self._plain_frame(screened, cells), records.done)

    def _plain_frame(self, records: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
        """The frame of records that are already cut into cells, all of one length."""
        width = self._sheet.width
        for position in range(width, self._grid):
            if not (cells[str(position)].fill_null("").str.strip_chars() == "").all():
                fields = pl.lit(self._grid, dtype=pl.Int32)
                return self._frame(records.with_columns(fields=fields, plain=pl.lit(value=True)))
        return cells.select(
            pl.lit(self._sheet.name).alias("sheet"),
            records["line"],
            records["raw"],
            pl.lit(None, dtype=pl.String).alias("broken"),
            pl.lit(None, dtype=pl.String).alias("broken_extra"),
            *keyed(cells, self._sheet, self._columns),
        )

    def _frame(self, records: pl.DataFrame) -> pl.DataFrame:
        records = self._levelled(records)
        good = records.filter(pl.col("fields") == self._sheet.width)
        cells = parse_records(good.with_columns(raw="text"), self._sheet.delimiter, self._sheet.width)
        table = pl.concat([good, cells], how="horizontal").select(
            *keyed(cells, self._sheet, self._columns), "line", "raw", broken=pl.lit(None, dtype=pl.String),
            broken_extra=pl.lit(None, dtype=pl.String),
        )  # fmt: skip
        if len(good) < len(records):
            ragged = records.filter(pl.col("fields") != self._sheet.width).select(
                "line",
                "raw",
                broken=pl.lit("COLUMN_COUNT"),
                broken_extra=pl.format("{}/{}", "fields", self._sheet.width),
            )
            table = pl.concat([table, ragged], how="diagonal").sort("line")
        return table.with_columns(sheet=pl.lit(self._sheet.name)).select(
            *PLACES, *(column.key for column in self._columns)
        )

    def _levelled(self, records: pl.DataFrame) -> pl.DataFrame:
        """`text` is what is parsed: as `raw`, but without empty cells beyond the last heading."""
        width, delimiter = self._sheet.width, self._sheet.delimiter
        records = records.with_columns(text="raw")
        longer = records["fields"] > width
        if not longer.any():
            return records
        texts, fields = [], []
        for raw in records.filter(longer)["raw"]:
            cells = split_raw(raw, delimiter)
            level = len(cells) > width and not any(cell.strip() for cell in cells[width:])
            cells = cells[:width] if level else cells
            texts.append(join_raw(cells, delimiter))
            fields.append(len(cells))
        mended = pl.DataFrame(
            {"line": records.filter(longer)["line"], "_text": texts, "_fields": fields},
            schema={"line": pl.Int32, "_text": pl.String, "_fields": pl.Int32},
        )
        return (
            records.join(mended, on="line", how="left", maintain_order="left")
            .with_columns(
                text=pl.coalesce("_text", "text"),
                fields=pl.coalesce("_fields", "fields"),
                plain=pl.col("plain") | pl.col("_text").is_not_null(),
            )
            .drop("_text", "_fields")
        )

