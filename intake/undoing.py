"""The engine's way back: an applied import is undone, chunk by chunk, each chunk one transaction."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import transaction

from audit import events
from audit.faults import fault_point
from intake.models import State
from intake.template import Template

UNDOER = "system:intake"


def undo(run: Any, subject: Any, template: Template, *, at: datetime) -> None:
    """Undo every chunk that is not undone yet, in the order of the file; goes on after the last that was committed."""
    with transaction.atomic():
        subject = _locked(subject, template)
        if subject.state != State.UNDOING:
            return
        undone = sum(template.chunks_of(subject).exclude(undone_at=None).values_list("rows", flat=True))
        run.advance(done=undone, total=subject.row_count)
    fault_point("intake.start_undoing.committed")
    context = template.context(subject, at=at)
    for number in list(template.chunks_of(subject).filter(undone_at=None).values_list("number", flat=True)):
        _undo_chunk(run, subject, template, number, context=context, at=at)
    _finish(run, subject, template, at=at)


def _undo_chunk(run: Any, subject: Any, template: Template, number: int, *, context: Any, at: datetime) -> None:
    """One transaction: what the chunk made is taken back, its event and the job's progress with it.

    Under the import's own lock: whatever else is done to all that an import made takes it too.
    """
    run.check_stop()
    with transaction.atomic():
        subject = _locked(subject, template)
        chunk = template.chunks_of(subject).select_for_update().get(number=number)
        if subject.state != State.UNDOING or chunk.undone_at is not None:
            return
        fault_point("intake.undo_chunk.before")
        undone = template.undo_chunk(subject, chunk, context=context, at=at)
        kept = {code: undone.kept[code] for code in sorted(undone.kept)}
        chunk.undone_at, chunk.undone_rows, chunk.kept_counts = at, undone.rows, kept
        chunk.save(update_fields=["undone_at", "undone_rows", "kept_counts"])
        events.record(
            f"{template.key}.chunk_undone", subject, by=UNDOER, at=at, organization=subject.organization,
            region_code=subject.region_code, program_id=template.program_id_of(subject),
            data={"chunk": number + 1, "rows": undone.rows, "kept": sum(kept.values()), **undone.facts},
        )
        run.advance(more=chunk.rows)
        fault_point("intake.undo_chunk.after")
    fault_point("intake.undo_chunk.committed")


def _finish(run: Any, subject: Any, template: Template, *, at: datetime) -> None:
    with transaction.atomic():
        subject = _locked(subject, template)
        if subject.state != State.UNDOING or template.chunks_of(subject).filter(undone_at=None).exists():
            return
        fault_point("intake.finish_undoing.before")
        template.finish_undo(subject, at=at)
        subject.state, subject.undone_at = State.UNDONE, at
        subject.save(update_fields=["state", "undone_at"])
        rows, kept = counts(subject, template)
        events.record(
            f"{template.key}.undone", subject, by=UNDOER, at=at, organization=subject.organization,
            region_code=subject.region_code, program_id=template.program_id_of(subject),
            data={"rows": rows, "kept": sum(kept.values())},
        )
        run.advance(done=subject.row_count, total=subject.row_count)
        fault_point("intake.finish_undoing.after")
    fault_point("intake.finish_undoing.committed")


def counts(subject: Any, template: Template) -> tuple[int, dict[str, int]]:
    """Rows undone whole so far, and by reason rows of which something stays."""
    rows, kept = 0, Counter[str]()
    for undone, left in template.chunks_of(subject).exclude(undone_at=None).values_list("undone_rows", "kept_counts"):
        rows += undone
        kept.update(left)
    return rows, dict(sorted(kept.items()))


def _locked(subject: Any, template: Template) -> Any:
    found = template.import_model._default_manager.select_for_update().get(pk=subject.pk)
    fault_point("intake.undo.locked")
    return found
