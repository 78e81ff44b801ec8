"""Rows given back, refused, set aside or kept by an undo: the file's own layout, the cells as they came, and the reason of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from django.db.models import Count, Q, QuerySet

from audit import keys
from intake.columns import match_headers
from intake.correcting import place_words
from intake.exports import RefusedRow, reason_of, write_refused_csv, write_refused_xlsx
from intake.findings import Severity, Verdict
from intake.models import File
from intake.readers import raw_cells
from intake.readers.table import Sheet
from intake.staging import raw_name
from intake.template import Template

BATCH = 2_000
#: Reasons of setting a row aside after which there is nothing left to send again.
SETTLED = ("ALREADY_COVERED",)


def write_refused(
    target: BinaryIO, subject: Any, file: File, *, template: Template, kind: str, sheet: str | None = None
) -> int:
    """Write the rows of one file, or of one of its sheets, that did not get through as "csv" or "xlsx"; how many there were."""
    labels = {column.key: str(column.label) for column in template.columns}
    rows = rows_back(template.rows_of(subject))
    return _write(target, subject, file, template, rows, lambda row: _why(row, labels), kind, sheet)


def write_kept(
    target: BinaryIO, subject: Any, file: File, *, template: Template, kind: str, sheet: str | None = None
) -> int:
    """Write the rows of one file, or of one of its sheets, of which an undo left something; how many there were."""
    rows = rows_kept(template.rows_of(subject))
    return _write(target, subject, file, template, rows, lambda row: template.kept_in_words(row.kept), kind, sheet)


def _write(
    target: BinaryIO, subject: Any, file: File, template: Template, found: QuerySet, why: Callable[[Any], str], kind: str,
    sheet: str | None,
) -> int:
    sheets = _sheets(subject, file, template, sheet)
    rows = _given_back(found if sheet is None else found.filter(sheet=sheet), subject, file, template, sheets, why)
    if kind == "xlsx":
        return write_refused_xlsx(target, {name: sheet.headers for name, sheet in sheets.items()}, rows)
    headers = next(iter(sheets.values())).headers if sheets else ()
    return write_refused_csv(target, headers, rows)


def rows_back(rows: QuerySet) -> QuerySet:
    """Of staged rows those that a person may correct and send again: refused, or set aside with work left to do."""
    return rows.filter(Q(verdict=Verdict.REFUSED) | ~Q(set_aside__in=["", *SETTLED]))


def rows_kept(rows: QuerySet) -> QuerySet:
    """Of staged rows those of which an undo left something."""
    return rows.exclude(kept="")


def refused_by_file(template: Template, subject: Any) -> list[tuple[File, int]]:
    """The files of an import that have rows to give back, with how many."""
    counted = dict(
        rows_back(template.rows_of(subject)).order_by().values_list("file").annotate(number=Count("id"))
    )
    return [(file, counted[file.pk]) for file in template.files_of(subject) if file.pk in counted]


def _sheets(subject: Any, file: File, template: Template, only: str | None) -> dict[str, Sheet]:
    return {
        layout["name"]: Sheet(
            layout["name"], tuple(layout["headers"]), 1, match_headers(layout["headers"], template.columns),
            layout["delimiter"],
        )
        for layout in subject.layouts.get(str(file.pk), []) if only in (None, layout["name"])
    }


def _why(row: Any, labels: dict[str, str]) -> str:
    reasons = [
        (finding["code"], labels.get(finding["column"], ""), finding["extra"])
        for finding in row.findings or () if finding["severity"] == Severity.ERROR
    ]
    if row.set_aside:
        reasons.append((row.set_aside, "", ""))
    return reason_of(reasons)


def _given_back(
    rows: QuerySet, subject: Any, file: File, template: Template, sheets: dict[str, Sheet], why: Callable[[Any], str]
) -> Iterator[RefusedRow]:
    rows = rows.filter(file=file).order_by("id")
    files = [each.pk for each in template.files_of(subject)]
    position, last = files.index(file.pk) + 1, 0
    while True:
        batch = list(rows.filter(pk__gt=last)[:BATCH])
        if not batch:
            return
        lines = keys.open_many([bytes(row.raw) if row.raw else None for row in batch], raw_name(template))
        for row, raw in zip(batch, lines, strict=True):
            cells = raw_cells(raw or "", sheets[row.sheet]) if row.sheet in sheets else [raw or ""]
            yield RefusedRow(place_words(position, row.line, files=len(files)), cells, why(row), row.sheet)
        last = batch[-1].pk
