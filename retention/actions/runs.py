"""Destruction: drawn up by one person, released by another with the list that was shown, or withdrawn; jobs list and destroy."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from jobs.actions import cancel_job, enqueue
from jobs.models import Job
from programs.models import Program
from retention.due import terms_in_words
from retention.errors import RetentionRefused
from retention.models import DestructionRun, RunKind, RunState
from retention.reach import refuse_beyond_program
from retention.recording import record

DRAW, RELEASE = "retention.draw_up_run", "retention.release_run"
LIST_JOB, DESTROY_JOB = "retention.list_due", "retention.destroy"


def draw_up_run(program: Program, *, kind: RunKind, due_on: date, by: User, at: datetime) -> DestructionRun:
    """Have a job list what is out of its term on a day; nothing is destroyed before a colleague releases the list."""
    refuse_beyond_program(by, DRAW, program)
    run = DestructionRun(
        kind=kind, program=program, organization=program.organization, region_code=program.region_code,
        due_on=min(due_on, timezone.localdate(at)), drawn_by=by, drawn_at=at,
    )
    try:
        with transaction.atomic():
            fault_point("retention.draw_up.before")
            run.terms = terms_in_words(run)
            run.save(force_insert=True)
            record("destruction.drawn_up", run, by=by, at=at, kind=str(kind), day=run.due_on)
            enqueue(
                LIST_JOB, arguments={"run": run.pk}, subject=run, organization=run.organization, region_code=run.region_code,
                program_id=run.program_id, by=by, at=at,
            )
            fault_point("retention.draw_up.after")
    except IntegrityError as conflict:
        if "destruction_run_live_once" in str(conflict):
            raise RetentionRefused("RUN_WAITS") from conflict
        raise
    return run


def release_run(run: DestructionRun, *, digest: str, by: User, at: datetime) -> DestructionRun:
    """Have it destroyed, for good. `digest`: of the list that was shown; under other terms than it was listed it is refused."""
    with transaction.atomic():
        run = locked(run, RunState.DRAWN)
        refuse_beyond_program(by, RELEASE, run.program)
        if run.drawn_by_id == by.pk:
            raise RetentionRefused("ANOTHER_RELEASES")
        if digest != run.digest:
            raise RetentionRefused("CHANGED")
        if not run.number:
            raise RetentionRefused("NOTHING_DUE")
        if terms_in_words(run) != run.terms:
            raise RetentionRefused("TERM_CHANGED")
        fault_point("retention.release.before")
        run.state, run.released_by, run.released_at = RunState.RELEASED, by, at
        run.save(update_fields=["state", "released_by", "released_at"])
        record("destruction.released", run, by=by, at=at, number=run.number, checksum=run.digest[:12])
        enqueue(
            DESTROY_JOB, arguments={"run": run.pk}, subject=run, organization=run.organization, region_code=run.region_code,
            program_id=run.program_id, by=by, at=at, total=run.number,
        )
        fault_point("retention.release.after")
    return run


def withdraw_run(run: DestructionRun, *, reason: str, by: User, at: datetime) -> DestructionRun:
    """Take the list back before it is released: nothing was destroyed."""
    with transaction.atomic():
        run, reason = locked(run, RunState.LISTING, RunState.DRAWN), " ".join(reason.split())
        refuse_beyond_program(by, DRAW, run.program)
        if not reason:
            raise RetentionRefused("REASON")
        events.refuse_personal(reason)
        fault_point("retention.withdraw.before")
        job = Job.objects.about(run).live().select_for_update().first()
        if job is not None and not job.stop_requested:
            cancel_job(job, by=by, at=at)
        run.state, run.reason = RunState.WITHDRAWN, reason[:300]
        run.save(update_fields=["state", "reason"])
        record("destruction.withdrawn", run, by=by, at=at, reason=run.reason)
        fault_point("retention.withdraw.after")
    return run


def locked(run: DestructionRun, *states: RunState) -> DestructionRun:
    """The row, locked, in one of these states."""
    found: Any = DestructionRun.objects.select_for_update(of=("self",)).select_related("program__organization", "organization")
    kept: DestructionRun = found.get(pk=run.pk)
    fault_point("retention.run.locked")
    if kept.state not in states:
        raise RetentionRefused("STATE", state=kept.get_state_display())
    return kept
