"""The two tasks that Celery carries, and the stop flag at shutdown; the work is in the actions."""

from __future__ import annotations

from typing import Any

import structlog
from celery import shared_task, signals
from django.utils import timezone

from jobs import actions, stopping

log = structlog.get_logger(__name__)


@shared_task(name="jobs.ring", ignore_result=True)
def ring(job_id: int) -> None:
    """Run one job, if it is still to be taken."""
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


@signals.worker_shutting_down.connect(dispatch_uid="jobs.stop")
def stop_running_jobs(**kwargs: Any) -> None:
    """SIGTERM or SIGINT: running jobs give their lease back at their next step (thread and solo pools)."""
    stopping.request_stop()
