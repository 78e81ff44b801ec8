"""Finds jobs that nobody works on: leases that passed, rings that got lost. Bounded, and safe to run twice at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from audit.faults import fault_point
from jobs.actions.execute import as_error, why
from jobs.actions.queue import record
from jobs.doorbell import ring, ring_on_commit
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.registry import known_kinds

SWEEPER = gettext_noop("system:sweep")
LIMIT = 100
#: With a sweep each 20 s a job whose ring was lost waits less than a minute.
RING_AGAIN_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Swept:
    """How many jobs one sweep saw to."""

    requeued: int = 0
    failed: int = 0
    cancelled: int = 0
    rung: int = 0


def sweep(*, at: datetime, limit: int = LIMIT) -> Swept:
    """Queue jobs of dead or hung workers again, fail those without attempts left, ring for those not taken.

    Leases are judged by the database's clock; `at` dates the events.
    """
    ends: list[str] = []
    while len(ends) < limit:
        end = _release_one(at=at)
        if end is None:
            break
        ends.append(end)
    return Swept(
        requeued=ends.count(Job.State.QUEUED),
        failed=ends.count(Job.State.FAILED),
        cancelled=ends.count(Job.State.CANCELLED),
        rung=_ring_again(limit=limit),
    )


@transaction.atomic
def _release_one(*, at: datetime) -> str | None:
    """Take the oldest passed lease from its run, whose token is void from now on; the state the job has then."""
    job = Job.objects.lapsed().select_for_update(skip_locked=True).order_by("lease_until").first()
    if job is None:
        return None
    fault_point("jobs.sweep.before")
    mine = Job.objects.filter(pk=job.pk)
    lost = JobsRefused("WORKER_LOST", attempts=job.attempts, max_attempts=job.max_attempts)
    if job.stop_requested:
        mine.update(state=Job.State.CANCELLED, lease_until=None, finished_at=Now())
        record(job, "job.cancelled", by=SWEEPER, at=at, done=job.done)
        state = Job.State.CANCELLED
    elif job.attempts >= job.max_attempts:
        mine.update(state=Job.State.FAILED, lease_until=None, finished_at=Now(), **as_error(lost))
        record(job, "job.failed", by=SWEEPER, at=at, **why(lost))
        state = Job.State.FAILED
    else:
        mine.update(state=Job.State.QUEUED, lease_until=None, run_after=None, rung_at=Now(), **as_error(lost))
        record(job, "job.requeued", by=SWEEPER, at=at, attempts=job.attempts)
        ring_on_commit(job.pk)
        state = Job.State.QUEUED
    fault_point("jobs.sweep.after")
    return state


def _ring_again(*, limit: int) -> int:
    """Ring for due jobs that nobody took since the last ring."""
    with transaction.atomic():
        waiting = Job.objects.due().filter(kind__in=known_kinds())
        waiting = waiting.filter(Q(rung_at__isnull=True) | Q(rung_at__lt=Now() - RING_AGAIN_AFTER))
        chosen = list(
            waiting.select_for_update(skip_locked=True).order_by("id").values_list("pk", flat=True)[:limit]
        )
        fault_point("jobs.ring_again.before")
        Job.objects.filter(pk__in=chosen).update(rung_at=Now())
        fault_point("jobs.ring_again.after")
    for rung, job_id in enumerate(chosen):
        if not ring(job_id):
            return rung
    return len(chosen)
