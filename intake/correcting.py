"""Lines that come again in a later file of the same import: each takes the place of the refused one that it corrects.

Two ways lead from a line to an earlier one. The file of refused rows that we give back says the line in a column of its
own; and a line with the same person as an earlier refused one means that one, in whatever layout it comes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from psycopg import sql

from audit.faults import fault_point
from intake.columns import OWN_HEADINGS, fold_header
from intake.exports import sheet_title
from intake.findings import Severity, Verdict
from intake.models import File
from intake.readers import RawChunk, Sheet, raw_cells
from intake.template import Template

CODE = "REPLACED"
_LINE_HEADINGS = frozenset({"行号", "line"})
#: "17", or of several files "2#17": line 17 of the import's second file.
_PLACE = re.compile(r"(?:([0-9]{1,4})#)?([0-9]{1,9})(?:\.0)?")
#: (file id, sheet, line)
Place = tuple[int, str, int]


class Correction(NamedTuple):
    """A line that stands for an earlier one.

    `named`: the line itself says so, and replaces the earlier one whatever its own verdict is; else it must be usable.
    """

    earlier: Place
    later: Place
    named: bool


def place_words(position: int, line: int, *, files: int) -> str:
    """How the file of refused rows names a line of the import's file at a position from 1."""
    return str(line) if files == 1 else f"{position}#{line}"


def line_column(headers: Sequence[str]) -> int | None:
    """Where our own column of lines stands; None where the file is not one that we gave back."""
    words = [fold_header(heading) for heading in headers]
    if sum(word in OWN_HEADINGS for word in words) < 2:
        return None
    return next((position for position, word in enumerate(words) if word in _LINE_HEADINGS), None)


def named_corrections(
    raw: RawChunk, sheets: Mapping[str, Sheet], file: File, files: Sequence[File], layouts: Mapping[str, Any]
) -> list[Correction]:
    """The corrections that a chunk's lines name themselves; only files before this one can be meant."""
    before = [each for each in files if each.pk < file.pk]
    columns = {name: line_column(sheet.headers) for name, sheet in sheets.items()}
    if not before or all(column is None for column in columns.values()):
        return []
    found = []
    for name, line, text in raw.frame.select("sheet", "line", "raw").iter_rows():
        column = columns[name]
        if column is None:
            continue
        cells = raw_cells(text, sheets[name])
        told = _PLACE.fullmatch(cells[column].strip())
        number = int(told[1] or 1) if told else 0
        if not told or not 1 <= number <= len(before):
            continue
        meant = before[number - 1]
        sheet = _sheet_of(name, [layout["name"] for layout in layouts.get(str(meant.pk), [])])
        if sheet is not None:
            found.append(Correction((meant.pk, sheet, int(told[2])), (file.pk, name, line), named=True))
    return found


def _sheet_of(name: str, sheets: Sequence[str]) -> str | None:
    """The sheet of the earlier file that a sheet of the given-back file stands for; None where it could be several."""
    if len(sheets) == 1:
        return sheets[0]
    return next((sheet for sheet in sheets if sheet_title(sheet) == name), None)


_REPLACED = """
WITH pairs AS (
    SELECT * FROM unnest(%(files)s::bigint[], %(sheets)s::text[], %(lines)s::int[], %(words)s::text[])
        WITH ORDINALITY AS pair(file, sheet, line, word, place)
), replaced AS (
    SELECT DISTINCT ON (earlier.id) earlier.id, pairs.word
    FROM pairs
    JOIN {table} earlier ON earlier.file_id = pairs.file AND earlier.sheet = pairs.sheet AND earlier.line = pairs.line
    WHERE earlier.{key} = %(subject)s AND earlier.chunk = %(chunk)s AND earlier.verdict = %(refused)s
    ORDER BY earlier.id, pairs.place DESC
)
UPDATE {table} staged
SET verdict = %(now)s, codes = staged.codes || %(code)s::varchar, findings = coalesce(staged.findings, '[]'::jsonb)
    || jsonb_build_array(jsonb_build_object('column', '', 'code', %(code)s::text, 'severity', %(severity)s::text,
        'value_masked', '', 'extra', replaced.word))
FROM replaced WHERE staged.id = replaced.id
RETURNING (SELECT array_agg(finding->>'code') FROM jsonb_array_elements(staged.findings) finding)
"""


def replace_corrected(
    run: Any, subject: Any, template: Template, corrections: Sequence[Correction], files: Sequence[File],
    *, digest_of: Callable[[Template, int, int], str],
) -> None:
    """Mark what later lines stand for, chunk by chunk, each with its counts and digest; again without harm."""
    if not corrections:
        return
    meant = {correction.earlier[0] for correction in corrections}
    refused = template.rows_of(subject).filter(file_id__in=meant, verdict=Verdict.REFUSED)
    words = {file.pk: file.name for file in files}
    for number in sorted(set(refused.values_list("chunk", flat=True))):
        run.check_stop()
        with transaction.atomic():
            fault_point("intake.replace_corrected.before")
            if told := _marked(subject, template, number, corrections, words):
                _recount(subject, template, number, told, digest_of)
            run.advance()
            fault_point("intake.replace_corrected.after")
        fault_point("intake.replace_corrected.committed")


def _marked(
    subject: Any, template: Template, number: int, corrections: Sequence[Correction], names: Mapping[int, str]
) -> list[list[str]]:
    """Mark the rows of one chunk; the codes of each that was marked."""
    statement = sql.SQL(_REPLACED).format(
        table=sql.Identifier(template.row_model._meta.db_table), key=sql.Identifier(f"{template.import_key}_id")
    )
    files, sheets, lines = zip(*(each.earlier for each in corrections), strict=True)
    later = [(names[file], sheet, str(line)) for file, sheet, line in (each.later for each in corrections)]
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "subject": subject.pk, "chunk": number, "refused": int(Verdict.REFUSED), "now": int(Verdict.REPLACED),
                "code": CODE, "severity": Severity.REPAIRED.value, "files": list(files), "sheets": list(sheets),
                "lines": list(lines), "words": [" ".join(filter(None, parts)) for parts in later],
            },
        )
        return [codes for (codes,) in cursor.fetchall()]


def _recount(
    subject: Any, template: Template, number: int, told: Sequence[Sequence[str]],
    digest_of: Callable[[Template, int, int], str],
) -> None:
    """The chunk's counts and digest after some of its refused rows were marked."""
    chunk = template.chunks_of(subject).get(number=number)
    verdicts, codes = Counter(chunk.counts["verdicts"]), Counter(chunk.counts["codes"])
    verdicts.subtract({str(int(Verdict.REFUSED)): len(told), str(int(Verdict.REPLACED)): -len(told)})
    codes.subtract(Counter(code for each in told for code in each if code != CODE))
    codes[CODE] += len(told)
    kept = {"verdicts": dict(sorted((+verdicts).items())), "codes": dict(sorted((+codes).items()))}
    chunk.counts = {**chunk.counts, **kept}
    chunk.digest = digest_of(template, subject.pk, number)
    chunk.save(update_fields=["counts", "digest"])
