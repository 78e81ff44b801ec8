"""Rings a worker awake. A lost ring loses nothing: the row is the truth, and the sweep rings again."""

from __future__ import annotations

from datetime import timedelta

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from audit.faults import fault_point

TASK = "jobs.ring"
#: A ring that nobody took in time is dropped: the sweep has rung again by then.
EXPIRES_SECONDS = 60
log = structlog.get_logger(__name__)


def ring_on_commit(job_id: int, *, delay: timedelta = timedelta()) -> None:
    """Ring for a job once its row is committed."""

    def ring_now() -> None:
        ring(job_id, delay=delay)

    transaction.on_commit(ring_now, robust=True)


def ring(job_id: int, *, delay: timedelta = timedelta()) -> bool:
    """Ring now; false when the broker could not be reached, which is logged and nothing else."""
    seconds = delay.total_seconds()
    fault_point("jobs.ring.before")
    try:
        current_app.send_task(
            TASK, args=[job_id], countdown=seconds or None, expires=seconds + EXPIRES_SECONDS, ignore_result=True,
            retry=False,
        )
    except (OperationalError, OSError) as error:
        log.warning("jobs.doorbell_failed", job=job_id, error=type(error).__name__)
        return False
    fault_point("jobs.ring.after")
    return True
