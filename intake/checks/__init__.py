"""A chunk of text cells cleaned and checked column by column; what is known of people and programs is checked above."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from intake.checks.documents import agree_with_document, check_document, check_document_type
from intake.checks.duplicates import DuplicateFinder
from intake.checks.places import check_categories, check_region
from intake.checks.plain import (
    check_amount,
    check_birth,
    check_card,
    check_choice,
    check_date,
    check_name,
    check_phone,
    check_sex,
    check_text,
    compare_dates,
)
from intake.checks.work import FINDING_SCHEMA, Checked, Context, Work, found_at, placed, worst_of
from intake.columns import Column

__all__ = ["FINDING_SCHEMA", "RULES", "Checked", "Context", "DuplicateFinder", "check", "refuse_duplicates"]

Rule = Callable[[Work, Column], None]

# In the order in which they run: a document needs its type, birth and sex.
RULES: dict[str, Rule] = {
    "text": check_text,
    "name": check_name,
    "choice": check_choice,
    "document_type": check_document_type,
    "sex": check_sex,
    "date": check_date,
    "birth": check_birth,
    "document": check_document,
    "region": check_region,
    "categories": check_categories,
    "phone": check_phone,
    "card": check_card,
    "amount": check_amount,
}
_ORDER = {name: position for position, name in enumerate(RULES)}
_PLACES = ("sheet", "line", "raw")


def check(frame: pl.DataFrame, columns: Sequence[Column], context: Context) -> Checked:
    """The chunk's rows cleaned, and what was found in them.

    `frame` is a reader's: a String column per declared column, `sheet`, `line`, and where the reader could not cut a
    row into cells its `broken` code. Refused cells are null; the row keeps its other cells.
    """
    work = Work(frame, context, columns)
    by_key = {column.key: column for column in columns}
    for column in sorted(columns, key=lambda column: _ORDER[column.clean]):
        RULES[column.clean](work, column)
    for column in columns:
        if column.clean == "document" and column.companions:
            agree_with_document(work, column, by_key)
        if column.clean == "date":
            compare_dates(work, column)
        if column.required:
            code = "NAME_EMPTY" if column.clean == "name" else "CELL_EMPTY"
            work.find(code, column, _empty(work, column))
    findings = work.findings()
    places = frame.select(name for name in _PLACES if name in frame.columns).with_row_index("row")
    cleaned = [work.cleaned[column.key].alias(column.key) for column in columns]
    return Checked(places.with_columns(*cleaned, worst_of(findings, len(frame))), findings)


def _empty(work: Work, column: Column) -> pl.Series:
    raw, cleaned = work.raw[column.key], work.cleaned[column.key]
    empty = raw.is_null() | (
        cleaned.is_null() & ~raw.fill_null("").str.contains(r"[^\s\u{a0}\u{200b}\u{3000}\u{feff}']")
    )
    return empty & ~work.errors[column.key] if column.key in work.errors else empty


def refuse_duplicates(checked: Checked, finder: DuplicateFinder, column: Column, *others: str) -> Checked:
    """The same, with a DUP_IN_FILE on every row whose `column` (with the `others`) an earlier row already holds."""
    later = finder.add(checked.frame, column.key, *others)
    if later.is_empty():
        return checked
    at = later["row"]
    here = checked.frame["sheet"].gather(at)
    elsewhere = pl.col("first_file") != ""
    file = pl.when(elsewhere).then(pl.col("first_file") + " ").otherwise(pl.lit(""))
    same = pl.when(elsewhere).then(pl.col("first_sheet") == "").otherwise(pl.col("first_sheet") == here)
    sheet = pl.when(same).then(pl.lit("")).otherwise(pl.col("first_sheet") + "!")
    extra = later.select(extra=file + sheet + pl.col("first_line").cast(pl.String))["extra"]
    found = found_at("DUP_IN_FILE", column, at, checked.frame[column.key].gather(at), extra)
    findings = pl.concat([checked.findings, placed(found, checked.frame)]).sort("row", maintain_order=True)
    worst = worst_of(findings, len(checked.frame))
    return Checked(checked.frame.with_columns(worst), findings)
