"""Merged cells of a sheet: filled down where the column wants it, a refused row elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from intake.columns import Column
from intake.findings import FileFinding
from intake.readers.table import MERGE_MARK, Sheet


class Merged:
    """The merged places below a sheet's header: first line, last line, first and last column (from 0)."""

    def __init__(self, places: Sequence[Sequence[int]], sheet: Sheet, columns: Sequence[Column]) -> None:
        below = [place for place in places if place[1] > sheet.header_line]
        covered = {position for _, _, left, right in below for position in range(left, right + 1)}
        mapping = sheet.match.mapping
        places_of = [(column, mapping[column.key]) for column in columns if mapping.get(column.key) in covered]
        self._filling = [str(at) for column, at in places_of if column.fill_down]
        self._refusing = [str(at) for column, at in places_of if not column.fill_down]
        self._refs = _refs(below, {int(at) for at in self._refusing})
        self._sheet = sheet
        self.filled = 0

    @property
    def findings(self) -> list[FileFinding]:
        return [FileFinding("FILLED_DOWN", str(self.filled), self._sheet.name)] if self.filled else []

    def judged(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with `broken` and `broken_extra`; cells that were filled down no longer bear their mark."""
        none = pl.lit(None, dtype=pl.String)
        filling = [name for name in self._filling if name in rows.columns]
        refusing = [name for name in self._refusing if name in rows.columns]
        for name in filling:
            self.filled += int(rows[name].str.starts_with(MERGE_MARK).sum())
        rows = rows.with_columns(pl.col(filling).str.strip_prefix(MERGE_MARK))
        if not refusing:
            return rows.with_columns(broken=none, broken_extra=none)
        hit = pl.any_horizontal(pl.col(name).str.starts_with(MERGE_MARK).fill_null(value=False) for name in refusing)
        rows = rows.join(self._refs, on="line", how="left", maintain_order="left").with_columns(hit=hit)
        return rows.with_columns(
            broken=pl.when("hit").then(pl.lit("UNMERGE")), broken_extra=pl.when("hit").then("ref")
        ).drop("hit", "ref")


def _refs(places: Sequence[Sequence[int]], columns: set[int]) -> pl.DataFrame:
    """`line` -> `ref` ("A2:A5") of the first merged place on it that covers one of the columns."""
    spans = [
        (top, bottom + 1, f"{_letters(left)}{top}:{_letters(right)}{bottom}")
        for top, bottom, left, right in places
        if any(left <= column <= right for column in columns)
    ]
    table = pl.DataFrame(spans, schema={"start": pl.Int64, "end": pl.Int64, "ref": pl.String}, orient="row")
    exploded = table.select("ref", line=pl.int_ranges("start", "end")).explode("line")
    return exploded.unique("line", keep="first").with_columns(pl.col("line").cast(pl.Int32))


def _letters(position: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    text = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        text = chr(65 + rest) + text
    return text
