"""Background work of the room: gather evidence, delete files whose time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.actions import Run, enqueue
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.registry import job_kind
from samples import writing
from samples.actions import purge_evidence
from samples.actions.evidence import KIND, RETENTION

REMOVAL = "samples.remove_files"


@job_kind(KIND, title=_("Gather the evidence of a sample"), lease_seconds=120)
def write_evidence(run: Run) -> dict[str, Any] | None:
    """Gather the evidence that was asked for."""
    return writing.write(run)


@job_kind(REMOVAL, title=_("Delete evidence whose time is over"), unit="files", lease_seconds=600)
def remove_files(run: Run) -> dict[str, Any] | None:
    """Purge what is due, batch by batch."""
    at, purged = timezone.now(), 0
    while batch := purge_evidence(at=at):
        purged += batch
        with transaction.atomic():
            run.advance(more=batch)
        run.check_stop()
    return {"purged": purged}


def queue_removal(*, at: datetime) -> Job | None:
    """The day's job; None while an earlier one is still live, which does the same."""
    try:
        return enqueue(REMOVAL, arguments={}, subject=None, organization=None, region_code="", by=RETENTION, at=at)
    except JobsRefused as refused:
        if refused.code != "ALREADY_LIVE":
            raise
        return None


@shared_task(name="samples.retention", ignore_result=True)
def retention() -> None:
    """Queue the day's removal."""
    queue_removal(at=timezone.now())
