"""What a check has staged is taken away, chunk by chunk, so that the check can begin anew from the kept files."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit.faults import fault_point
from intake.template import Template


def remove_staged(run: Any, subject: Any, template: Template) -> int:
    """Delete the staged rows and chunks of an import that is being checked; how many rows that were.

    One transaction a chunk, the last first: a run that goes on finds the chunks that are left. The rows can be made
    anew from the files, so no history keeps them; a trigger keeps those of an import that has left its check.
    """
    removed = 0
    for number in list(template.chunks_of(subject).order_by("-number").values_list("number", flat=True)):
        run.check_stop()
        with transaction.atomic():
            fault_point("intake.remove_chunk.before")
            template.remember_decisions(subject, number)
            removed += remove_chunk(subject, template, number)
            run.advance()
            fault_point("intake.remove_chunk.after")
        fault_point("intake.remove_chunk.committed")
    return removed


def remove_chunk(subject: Any, template: Template, number: int) -> int:
    """Delete one chunk with its rows, in the caller's transaction; how many rows that were."""
    rows = template.rows_of(subject).filter(chunk=number)
    removed: int = rows._raw_delete(rows.db)
    chunks = template.chunks_of(subject).filter(number=number)
    chunks._raw_delete(chunks.db)
    return removed
