"""The engine's second half: an approved import becomes real, chunk by chunk, each chunk one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from audit import events
from audit.faults import fault_point
from intake.abreast import all_abreast
from intake.errors import IntakeRefused
from intake.models import State
from intake.staging import chunk_digest, import_digest
from intake.template import Template

#: Chunks under way at once, each on a connection of its own: the server then uses two cores.
ABREAST = 2


def apply(run: Any, subject: Any, template: Template, *, at: datetime) -> None:
    """Apply every chunk that is not applied yet, then give back what was held and not used."""
    with transaction.atomic():
        subject = template.import_model._default_manager.select_for_update().get(pk=subject.pk)
        if subject.state not in (State.APPROVED, State.APPLYING):
            return
        if import_digest(template, subject) != subject.approved_digest:
            raise IntakeRefused("DIGEST")
        # As approved: a digest that is changed together with its rows from here on is not believed.
        digests = dict(template.chunks_of(subject).values_list("number", "digest"))
        fault_point("intake.start_applying.before")
        subject.state = State.APPLYING
        subject.save(update_fields=["state"])
        applied = sum(template.chunks_of(subject).exclude(applied_at=None).values_list("rows", flat=True))
        run.advance(done=applied, total=subject.row_count)
        fault_point("intake.start_applying.after")
    fault_point("intake.start_applying.committed")
    context = template.context(subject, at=at)
    waiting = list(template.chunks_of(subject).filter(applied_at=None).values_list("number", flat=True))
    all_abreast(
        lambda number: _apply_chunk(run, subject, template, number, digest=digests[number], context=context, at=at),
        waiting, width=min(ABREAST, len(waiting)),
    )
    _finish(run, subject, template, at=at)


def _apply_chunk(
    run: Any, subject: Any, template: Template, number: int, *, digest: str, context: Any, at: datetime
) -> None:
    """One transaction: the chunk as it was approved becomes real, its event and the job's progress with it."""
    run.check_stop()
    with transaction.atomic():
        template.hold(context)
        chunk = template.chunks_of(subject).select_for_update().get(number=number)
        if chunk.applied_at is not None:
            return
        # Rows are set aside by the chunk's own transaction: one that is already was not when it was approved.
        meddled = template.rows_of(subject).filter(chunk=number).exclude(set_aside="").exists()
        if meddled or chunk_digest(template, subject.pk, number) != digest:
            raise IntakeRefused("DIGEST")
        fault_point("intake.apply_chunk.before")
        applied = template.apply_chunk(subject, chunk, context=context, at=at)
        chunk.applied_at, chunk.applied_rows, chunk.set_aside_rows = at, applied.rows, applied.set_aside
        chunk.save(update_fields=["applied_at", "applied_rows", "set_aside_rows"])
        events.record(
            f"{template.key}.chunk_applied", subject, by="system:intake", at=at, organization=subject.organization,
            region_code=subject.region_code, program_id=template.program_id_of(subject),
            data={
                "chunk": number + 1, "rows": applied.rows, "set_aside": applied.set_aside, "digest": digest[:12],
            },
        )
        run.advance(more=chunk.rows)
        fault_point("intake.apply_chunk.after")
    fault_point("intake.apply_chunk.committed")


def _finish(run: Any, subject: Any, template: Template, *, at: datetime) -> None:
    with transaction.atomic():
        subject = template.import_model._default_manager.select_for_update().get(pk=subject.pk)
        if subject.state != State.APPLYING or template.chunks_of(subject).filter(applied_at=None).exists():
            return
        template.release(subject, at=at)
        subject.state, subject.applied_at = State.APPLIED, at
        fault_point("intake.finish_applying.before")
        subject.save(update_fields=["state", "applied_at"])
        chunks = list(template.chunks_of(subject))
        events.record(
            f"{template.key}.applied", subject, by="system:intake", at=at, organization=subject.organization,
            region_code=subject.region_code, program_id=template.program_id_of(subject),
            data={
                "rows": sum(chunk.applied_rows for chunk in chunks),
                "set_aside": sum(chunk.set_aside_rows for chunk in chunks),
            },
        )
        run.advance(done=subject.row_count, total=subject.row_count)
        fault_point("intake.finish_applying.after")
    fault_point("intake.finish_applying.committed")
