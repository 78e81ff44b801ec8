"""The two tasks that Celery carries, and the stop flag at shutdown; the work is in the actions."""

from __future__ import annotations

from os import cpu_count
from typing import Any

import structlog
from celery import shared_task, signals
from django.utils import timezone

from jobs import actions, slots, stopping

log = structlog.get_logger(__name__)


@shared_task(name="jobs.ring", ignore_result=True)
def ring(job_id: int) -> None:
    """Run one job, if it is still to be taken, and after it those that found no thread meanwhile."""
    if not slots.take(job_id):
        return
    wanted: int | None = job_id
    while wanted is not None:
        try:
            _run(wanted)
        except BaseException:
            slots.give_back()
            raise
        wanted = slots.next_one()


def _run(job_id: int) -> None:
    if stopping.is_stopping():
        return
    run = actions.claim(job_id=job_id)
    if run is not None:
        actions.execute(run)


@shared_task(name="jobs.sweep", ignore_result=True)
def sweep() -> None:
    """Pick up what dead workers and lost rings left."""
    swept = actions.sweep(at=timezone.now())
    if swept != actions.Swept():
        log.info("jobs.swept", **vars(swept))


@signals.celeryd_after_setup.connect(dispatch_uid="jobs.slots")
def leave_a_thread_to_the_clock(instance: Any, **kwargs: Any) -> None:
    """A worker starts: it says how many threads it has."""
    slots.serve(instance.concurrency or cpu_count() or 1)


@signals.worker_shutting_down.connect(dispatch_uid="jobs.stop")
def stop_running_jobs(**kwargs: Any) -> None:
    """SIGTERM or SIGINT: running jobs give their lease back at their next step (thread and solo pools)."""
    stopping.request_stop()
