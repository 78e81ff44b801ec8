"""What the page of any import shows besides its buttons; a room adds its own parts. Queries are constant, whatever its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from intake.findings import MEANINGS, Verdict, describe
from intake.models import State
from intake.pages.file_findings import file_findings
from intake.pages.progress import STATE_TONES, TONES, steps, verdict_counts
from intake.pages.rows import Shown
from intake.pages.said_words import said_words
from intake.template import Template
from jobs.models import Job

ROWS_PER_PAGE = 50


@dataclass(frozen=True)
class Cell:
    """One value of a line; `style`: a class of the page's style sheet."""

    label: str
    value: str
    style: str = ""


@dataclass(frozen=True)
class RowLine:
    """One line of the file, personal values masked; `outcome`: the address of what became of it, or the reason in words.

    `said`: what was decided about it; `decide`: the address where a reader who may decides it.
    """

    pk: int
    line: str
    #: Its file, where the import has several.
    file: str
    cells: Sequence[Cell]
    verdict: str
    tone: str
    sentences: Sequence[str]
    outcome: str
    said: str = ""
    decide: str = ""


def import_context(
    subject: Any, *, last_step: str, wanted: Shown, verdict_words: Mapping[Verdict, str] | None = None
) -> dict[str, Any]:
    """Steps, job, counts and file findings; a room adds `problems`, `filters`, `rows` and `facts`."""
    return {
        "subject": subject,
        "steps": steps(subject, last_step),
        "state_tone": STATE_TONES[State(subject.state)],
        "job": Job.objects.about(subject).order_by("-pk").first(),
        "verdicts": verdict_counts(subject, wanted.verdict, verdict_words or {}),
        "file_findings": file_findings(subject),
        "said_words": said_words(subject),
        "filtered": wanted.narrowed,
    }


def turns(request: HttpRequest, after: str) -> dict[str, str]:
    """Addresses of the first and of the next rows; "" where there is none."""
    query = request.GET.copy()
    turned = [name for name in ("after", "row") if query.pop(name, None)]
    first = f"?{query.urlencode()}#rows" if turned else ""
    query["after"] = after
    return {"first_url": first, "next_url": f"?{query.urlencode()}#rows" if after else ""}


def labels_of(template: Template) -> dict[str, str]:
    """What the columns of a kind of file are called, by their keys."""
    return {column.key: str(column.label) for column in template.columns}


def sentences_of(row: Any, labels: Mapping[str, str]) -> list[str]:
    """What was found of a row, for people."""
    return [
        describe(
            finding["code"], labels.get(finding["column"], ""), value_masked=finding["value_masked"] or "",
            extra=finding["extra"] or "",
        )
        for finding in row.findings or ()
    ]


def place_of(row: Any) -> str:
    """Sheet and line."""
    return " ".join(part for part in (row.sheet, str(row.line)) if part)


def line_of(
    row: Any, cells: Sequence[Cell], labels: Mapping[str, str], files: Mapping[int, str], *,
    verdict_words: Mapping[Verdict, str], outcome: str = "",
) -> RowLine:
    """A row as a page shows it; set aside, it says why."""
    verdict = Verdict(row.verdict)
    return RowLine(
        pk=row.pk, line=place_of(row), file=files.get(row.file_id, ""), cells=cells,
        verdict=verdict_words.get(verdict, str(verdict.label)), tone=TONES[verdict], sentences=sentences_of(row, labels),
        outcome=outcome or (str(MEANINGS[row.set_aside].cause) if row.set_aside else ""),
    )
