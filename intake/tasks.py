"""Background work of the room: the daily end of files whose time is over, and of what killed uploads left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.actions import let_lines_go, purge_files, remove_orphans
from intake.actions.files import RETENTION
from jobs.actions import Run, enqueue
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.registry import job_kind

KIND = "intake.remove_files"
BATCH = 200


# Looking through all kept contents for orphans is one step, and the longest.
@job_kind(KIND, title=_("Delete files whose time is over"), unit="files", lease_seconds=1_800)
def remove_files(run: Run) -> dict[str, Any] | None:
    """Purge what is due, batch by batch, then what no import holds; each file is whole by itself, so any run goes on."""
    at, purged = timezone.now(), 0
    while batch := purge_files(at=at, limit=BATCH):
        purged += batch
        _advance(run, batch)
        run.check_stop()
    while let_lines_go(at=at):
        _advance(run, 0)
        run.check_stop()
    orphans = remove_orphans(at=at)
    _advance(run, orphans)
    return {"purged": purged, "orphans": orphans}


def _advance(run: Run, more: int) -> None:
    with transaction.atomic():
        run.advance(more=more)


def queue_removal(*, at: datetime) -> Job | None:
    """The day's job; None while an earlier one is still live, which does the same."""
    try:
        return enqueue(KIND, arguments={}, subject=None, organization=None, region_code="", by=RETENTION, at=at)
    except JobsRefused as refused:
        if refused.code != "ALREADY_LIVE":
            raise
        return None


@shared_task(name="intake.retention", ignore_result=True)
def retention() -> None:
    """Queue the day's removal."""
    queue_removal(at=timezone.now())
