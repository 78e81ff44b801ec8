"""What people and rooms do with jobs: queue one in their own transaction, cancel it, run it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now

from audit import events
from audit.faults import fault_point
from jobs.doorbell import ring_on_commit
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.registry import kind_of
from jobs.rules import checked_arguments

ONE_LIVE = "job_one_live_per_subject"
#: Columns of a job that has no error.
NO_ERROR: dict[str, Any] = {"error_code": "", "error_source": "", "error_facts": {}, "error": ""}


@dataclass
class Place:
    """The organization of a job, as events name one."""

    pk: int
    path: str


@transaction.atomic
def enqueue(
    kind: str,
    *,
    arguments: Mapping[str, Any],
    subject: models.Model | None,
    organization: events.HasPath | None,
    region_code: str,
    by: Any,
    at: datetime,
    program_id: int | None = None,
    total: int | None = None,
) -> Job:
    """Queue work in the caller's transaction; a worker is rung when that commits.

    `arguments` hold numbers of rows and short codes only. `subject` None: work of the portal itself, one of a kind at a
    time. Raises JobsRefused("ALREADY_LIVE") while one of this kind waits or runs for the subject.
    """
    declared = kind_of(kind)
    if declared is None:
        raise JobsRefused("KIND_UNKNOWN", kind=kind)
    job = Job(
        kind=kind,
        arguments=checked_arguments(arguments),
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        organization_id=organization.pk if organization is not None else None,
        organization_path=organization.path if organization is not None else "",
        region_code=region_code or "",
        program_id=program_id,
        total=total,
        unit=declared.unit,
        max_attempts=declared.max_attempts,
        rung_at=Now(),
        created_by_id=by.pk if isinstance(by, models.Model) else None,
        created_by_label=str(by)[:80],
        created_at=at,
    )
    fault_point("jobs.enqueue.before")
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError as error:
        raise _already_live(error, job) from error
    fault_point("jobs.enqueue.saved")
    job.refresh_from_db(fields=["rung_at"])
    record(job, "job.queued", by=by, at=at)
    fault_point("jobs.enqueue.after")
    ring_on_commit(job.pk)
    return job


@transaction.atomic
def cancel_job(job: Job, *, by: Any, at: datetime) -> Job:
    """End a waiting job at once; ask a running one to end at its next step, whose work so far stays."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if not job.is_live:
        raise JobsRefused("NOT_LIVE")
    if job.stop_requested:
        raise JobsRefused("STOPPING")
    fault_point("jobs.cancel.before")
    if job.state == Job.State.QUEUED:
        Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELLED, finished_at=Now(), run_after=None)
        record(job, "job.cancelled", by=by, at=at)
    else:
        Job.objects.filter(pk=job.pk).update(stop_requested=True)
        record(job, "job.cancel_requested", by=by, at=at)
    fault_point("jobs.cancel.after")
    job.refresh_from_db()
    return job


@transaction.atomic
def retry_job(job: Job, *, by: Any, at: datetime) -> Job:
    """Run a failed or cancelled job again, from where its last committed step ended, with fresh attempts."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        raise JobsRefused("NOT_ENDED")
    declared = kind_of(job.kind)
    if declared is None:
        raise JobsRefused("KIND_UNKNOWN", kind=job.kind)
    fault_point("jobs.retry.before")
    try:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(
                state=Job.State.QUEUED, attempts=0, max_attempts=declared.max_attempts, stop_requested=False,
                run_after=None, finished_at=None, result=None, rung_at=Now(), **NO_ERROR,
            )
    except IntegrityError as error:
        raise _already_live(error, job) from error
    record(job, "job.run_again", by=by, at=at)
    fault_point("jobs.retry.after")
    ring_on_commit(job.pk)
    job.refresh_from_db()
    return job


def record(job: Job, verb: str, *, by: Any, at: datetime, **data: Any) -> None:
    """One event about a job, in the transaction of its change."""
    events.record(
        verb,
        job,
        by=by,
        at=at,
        organization=Place(job.organization_id, job.organization_path) if job.organization_id is not None else None,
        region_code=job.region_code,
        program_id=job.program_id,
        data={"kind": job.kind, "subject_type": job.subject_type, "subject_id": job.subject_id, **data},
    )


def _already_live(error: IntegrityError, job: Job) -> Exception:
    """The refusal behind a broken unique index; any other broken constraint stays what it is."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None and diagnosis.constraint_name == ONE_LIVE:
        return JobsRefused("ALREADY_LIVE", title=job.title)
    return error
