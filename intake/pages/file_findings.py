"""What the page of an import says of its files: what stops it or leaves a whole sheet out at once, the rest in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from intake.findings import MEANINGS, SEVERITY_OF, Severity, describe

#: Warnings by which many people may be missing: said before everything else.
_AT_ONCE = frozenset({"SHEET_SKIPPED", "SHEET_HIDDEN"})


@dataclass(frozen=True)
class FileNote:
    """One thing that was found about a file or sheet; `file` is named where there are several."""

    file: str
    sheet: str
    cause: str
    remedy: str


@dataclass(frozen=True)
class FileFindings:
    """`alarms`: whole sentences; `notes`: the others, in the order of files and sheets."""

    alarms: Sequence[str]
    notes: Sequence[FileNote]


def file_findings(subject: Any) -> FileFindings:
    """From the import itself; one question for the names of several files."""
    told = subject.file_findings
    names = dict(subject.files.values_list("pk", "name")) if len({file for file, *_rest in told}) > 1 else {}
    places = {name: place for layouts in subject.layouts.values() for place, name in enumerate(each["name"] for each in layouts)}
    alarms, notes = [], []
    for file, code, extra, sheet in told:
        if SEVERITY_OF.get(code) == Severity.ERROR or code in _AT_ONCE:
            alarms.append(describe(code, extra=extra, sheet=sheet))
            continue
        facts = {"extra": extra, "value": "", "column": ""}
        cause, remedy = (str(text) % facts for text in (MEANINGS[code].cause, MEANINGS[code].remedy))
        note = FileNote(names.get(file, ""), sheet, cause[:1].upper() + cause[1:], remedy[:1].upper() + remedy[1:])
        notes.append(((file or 0, places.get(sheet, 0)), note))
    return FileFindings(alarms, [note for _place, note in sorted(notes, key=lambda each: each[0])])
