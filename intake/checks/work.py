"""The frame under check: raw cells, cleaned columns and findings so far; which rule finds what is the rules' affair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import polars as pl

from intake.checks.folding import is_error
from intake.checks.masks import masked
from intake.columns import Column
from intake.findings import SEVERITY_OF, Severity

FINDING_SCHEMA = {
    "row": pl.UInt32,
    "sheet": pl.String,
    "line": pl.Int32,
    "column": pl.String,
    "code": pl.String,
    "severity": pl.String,
    "value_masked": pl.String,
    "extra": pl.String,
}
_WEIGHT_OF = {severity.value: severity.weight for severity in Severity}


@dataclass(frozen=True)
class Context:
    """What the checks measure against; all of it is given, nothing is looked up.

    `regions` has `code` and `successor` (null while the code is valid; for a retired code its heir or "" when it has
    no single one). `prefixes` are the region prefixes the uploader may write to ("" is everywhere, none is nowhere).
    `categories` maps every word for a category to its code. `places` maps names of places, folded, to region codes.
    """

    today: date
    regions: pl.DataFrame
    prefixes: tuple[str, ...] = ("",)
    categories: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def known_regions(self) -> pl.DataFrame:
        return self.regions.select(known="code", heir="successor").unique("known")

    @cached_property
    def detailed_counties(self) -> dict[int, frozenset[str]]:
        """For towns (9) and villages (12): the counties whose codes of that length are loaded."""
        code = pl.col("code")
        return {
            length: frozenset(self.regions.filter(code.str.len_bytes() == length)["code"].str.slice(0, 6))
            for length in (9, 12)
        }

    @cached_property
    def cities_with_counties(self) -> frozenset[str]:
        return frozenset(self.regions.filter(pl.col("code").str.len_bytes() == 6)["code"].str.slice(0, 4))


@dataclass(frozen=True, slots=True)
class Checked:
    """`frame`: the rows in their order with cleaned columns, `row` (index in the chunk), `sheet`, `line`, `raw`, and
    `worst` (UInt8, 0 clean to 4 refused). `findings`: one row each, columns of `FINDING_SCHEMA`."""

    frame: pl.DataFrame
    findings: pl.DataFrame

    @property
    def refused(self) -> pl.Series:
        return self.frame["worst"] == Severity.ERROR.weight


class Work:
    """A chunk on its way through the rules."""

    def __init__(self, frame: pl.DataFrame, context: Context, columns: Sequence[Column] = ()) -> None:
        self.raw = frame
        self.context = context
        self.cleaned: dict[str, pl.Series] = {}
        # What a rule leaves for a later one, such as the month of a birth date without a day.
        self.notes: dict[str, pl.Series] = {}
        self._whole = frame["broken"].is_null() if "broken" in frame.columns else None
        self._found: list[pl.DataFrame] = []
        # Cells that show an error hold nothing, but are not empty.
        self.errors: dict[str, pl.Series] = {}
        wrong = frame.select(is_error(pl.col(column.key)).any() for column in columns)
        for column in columns:
            if wrong[column.key].item():
                self._take_errors(column)

    def _take_errors(self, column: Column) -> None:
        wrong = is_error(pl.col(column.key))
        self.errors[column.key] = mask = self.raw.select(wrong.fill_null(value=False))[column.key]
        self.raw = self.raw.with_columns(pl.when(~mask).then(pl.col(column.key)).alias(column.key))
        self.find("CELL_ERROR", column, mask)

    def find(self, code: str, column: Column, where: pl.Series, *, extra: pl.Series | str = "") -> None:
        """Records the finding for every row where the mask is true; rows that could not be read are left out."""
        if self._whole is not None:
            where = where & self._whole
        if where.any():
            self.find_rows(
                code, column, where.arg_true(), extra=extra.filter(where) if isinstance(extra, pl.Series) else extra
            )

    def find_rows(self, code: str, column: Column, rows: pl.Series, *, extra: pl.Series | str = "") -> None:
        """The same for row numbers; `extra` then has one value per finding."""
        if len(rows) == 0:
            return
        self._found.append(found_at(code, column, rows, self.raw[column.key].gather(rows), extra))

    def findings(self) -> pl.DataFrame:
        found = [*self._found, *self._broken_rows()]
        if not found:
            return pl.DataFrame(schema=FINDING_SCHEMA)
        return placed(pl.concat(found), self.raw)

    def _broken_rows(self) -> list[pl.DataFrame]:
        if self._whole is None or self._whole.all():
            return []
        broken = self.raw.with_row_index("row").filter(pl.col("broken").is_not_null())
        severity = pl.col("broken").replace_strict(SEVERITY_OF)
        return [
            broken.select(
                "row",
                column=pl.lit(""),
                code="broken",
                severity=severity,
                value_masked=pl.lit(""),
                extra="broken_extra",
            )
        ]


def found_at(
    code: str, column: Column, rows: pl.Series, values: pl.Series, extra: pl.Series | str = ""
) -> pl.DataFrame:
    """One finding for each of the rows, its place in the file still missing."""
    return pl.DataFrame({"row": rows.cast(pl.UInt32), "_value": values}).select(
        "row",
        column=pl.lit(column.key),
        code=pl.lit(code),
        severity=pl.lit(SEVERITY_OF[code]),
        value_masked=masked(pl.col("_value"), column.personal, column.clean),
        extra=pl.lit(extra),
    )


def placed(found: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Findings in the order of their rows, with the `sheet` and `line` of each."""
    found = found.sort("row", maintain_order=True)
    at = found["row"]
    # No database keeps a NUL: what is shown of a cell has a mark in its place.
    shown = pl.col("value_masked", "extra").str.replace_all("\x00", "\ufffd", literal=True)
    return found.with_columns(shown, sheet=rows["sheet"].gather(at), line=rows["line"].gather(at)).select(*FINDING_SCHEMA)


def patched(values: pl.Series, rows: pl.Series, others: pl.Series) -> pl.Series:
    """The values with those at `rows` replaced."""
    if len(rows) == 0:
        return values
    both = pl.concat([values, others.cast(values.dtype).alias(values.name)])
    count = len(values)
    order = pl.int_range(count, eager=True, dtype=pl.UInt32)
    return both.gather(order.scatter(rows, pl.int_range(count, count + len(rows), eager=True, dtype=pl.UInt32)))


def worst_of(findings: pl.DataFrame, rows: int) -> pl.Series:
    """For each row the weight of its worst finding, 0 where there is none."""
    none = pl.zeros(rows, dtype=pl.UInt8, eager=True).alias("worst")
    if findings.is_empty():
        return none
    weights = findings.select("row", weight=pl.col("severity").replace_strict(_WEIGHT_OF, return_dtype=pl.UInt8))
    top = weights.group_by("row").agg(pl.col("weight").max())
    return patched(none, top["row"], top["weight"])
