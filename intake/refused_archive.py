"""Rows that an import of several files gives back: one file each in its own layout, together in an archive."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from django.db.models import QuerySet

from intake.models import File
from intake.refused import rows_back, rows_kept, write_kept, write_refused
from intake.template import Template

NAME_LENGTH = 60


@dataclass(frozen=True)
class Part:
    """What becomes one file: an uploaded one, or a sheet of it, since a CSV file has one layout only."""

    file: File
    sheet: str | None
    stem: str


def write_refused_files(
    target: BinaryIO, subject: Any, files: Sequence[File], *, template: Template, kind: str
) -> tuple[int, str]:
    """Write the rows of all files that did not get through; how many, and the ending: `kind`, or "zip" for several.

    Nothing is kept in memory but the compressed result.
    """
    rows = rows_back(template.rows_of(subject))
    return _write_files(target, subject, files, template, kind, rows, write_refused, "refused")


def write_kept_files(
    target: BinaryIO, subject: Any, files: Sequence[File], *, template: Template, kind: str
) -> tuple[int, str]:
    """Write the rows of all files of which an undo left something; as `write_refused_files`."""
    rows = rows_kept(template.rows_of(subject))
    return _write_files(target, subject, files, template, kind, rows, write_kept, "kept")


def _write_files(
    target: BinaryIO, subject: Any, files: Sequence[File], template: Template, kind: str, rows: QuerySet,
    write: Callable[..., int], word: str,
) -> tuple[int, str]:
    parts = [part for part in _parts(subject, files, kind) if _of(part, rows).exists()]
    if not parts:
        parts = [Part(file, None, "") for file in files[:1]]
    if len(parts) < 2:
        given = {"template": template, "kind": kind}
        return sum(write(target, subject, part.file, sheet=part.sheet, **given) for part in parts), kind
    count = 0
    # A workbook is compressed itself.
    how = zipfile.ZIP_STORED if kind == "xlsx" else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w", how) as archive:
        for number, part in enumerate(parts, 1):
            # The number first: two files may bear the same name.
            with archive.open(_entry(f"{number:02d}-{part.stem}-{word}.{kind}", how), "w", force_zip64=True) as entry:
                count += write(entry, subject, part.file, template=template, kind=kind, sheet=part.sheet)
    return count, "zip"


def _parts(subject: Any, files: Sequence[File], kind: str) -> Iterator[Part]:
    for file in files:
        stem = safe_name(PurePosixPath(file.name).stem)
        sheets = [layout["name"] for layout in subject.layouts.get(str(file.pk), [])]
        if kind == "csv" and len(sheets) > 1:
            for sheet in sheets:
                yield Part(file, sheet, f"{stem}-{safe_name(sheet)}")
        else:
            yield Part(file, None, stem)


def safe_name(name: str) -> str:
    """Letters, digits, `-` and `_` of a name: no folder, no dot, nothing that a shell or a spreadsheet reads."""
    return re.sub(r"[^\w-]+", "_", name).strip("_")[:NAME_LENGTH] or "roster"


def _entry(name: str, how: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = how
    entry.external_attr = 0o600 << 16
    return entry


def _of(part: Part, rows: QuerySet) -> QuerySet:
    found = rows.filter(file=part.file)
    return found if part.sheet is None else found.filter(sheet=part.sheet)
