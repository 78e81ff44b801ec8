"""CSV and TSV files as sheets and chunks; how text becomes records is `text`'s."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from intake.columns import Column
from intake.findings import FileFinding
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
    trimmed,
)
from intake.readers.text import join_raw, parse_records, read_records, split_raw

_DELIMITERS = (",", "\t", ";")


class CsvTable:
    """A CSV file whose header has been found; `findings` are warnings, an error raised `FileRefused` before."""

    def __init__(
        self, source: Source, columns: Sequence[Column], *, aliases: Mapping[str, str] | None, limits: Limits
    ) -> None:
        self._source, self._columns, self._limits = source, tuple(columns), limits
        self._coding = detect_coding(source)
        with opened(source) as stream:
            self._size = stream.seek(0, os.SEEK_END)
        sheet = self._find_sheet(aliases)
        if not sheet.match.usable:
            raise refused_header(sheet.match)
        self._sheet = sheet
        self.sheets: dict[str, Sheet] = {sheet.name: sheet}
        self.findings: list[FileFinding] = header_findings(sheet.match)

    def _find_sheet(self, aliases: Mapping[str, str] | None) -> Sheet:
        best: tuple[int, int, Sheet] | None = None
        for delimiter in _DELIMITERS:
            head = next(read_records(self._source, self._coding, delimiter, self._limits), None)
            if head is None or head.frame.is_empty():
                raise refuse("EMPTY")
            first = head.frame.head(HEADER_WITHIN)
            rows = [split_raw(raw, delimiter) for raw in first["raw"]]
            position, match = find_header(rows, self._columns, aliases)
            headers = trimmed(rows[position])
            sheet = Sheet("", headers, first["line"][position], match, delimiter)
            rank = (len(match.mapping), len(headers), sheet)
            if best is None or rank[:2] > best[:2]:
                best = rank
        assert best is not None
        return best[2]

    def chunks(self, *, rows_per_chunk: int = 100_000, start_chunk: int = 0) -> Iterator[RawChunk]:
        """Chunks numbered from 0; those before `start_chunk` are passed over without being parsed."""
        number = -1
        for number, piece in enumerate(regrouped(self._records(), rows_per_chunk, self._limits.rows)):
            if number >= start_chunk:
                yield RawChunk(number, self._frame(piece.frame), piece.done, self._size)
        if number < 0:
            raise refuse("NO_ROWS")

    def close(self) -> None:
        """Nothing to give back; a workbook has."""

    def _records(self) -> Iterator[Piece]:
        header, width = self._sheet.header_line, self._sheet.width
        for records in read_records(self._source, self._coding, self._sheet.delimiter, self._limits, width=width):
            frame = records.frame
            yield Piece(frame if frame.is_empty() or frame["line"][0] > header else _after(frame, header), records.done)

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


def _after(frame: pl.DataFrame, line: int) -> pl.DataFrame:
    return frame.filter(pl.col("line") > line)
