"""Background work of the room: write certificates of many, delete files whose time is over."""

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
from papers import writing
from papers.actions import gather_copy as gathered
from papers.actions import purge_copies, purge_printings
from papers.actions.printings import KIND, RETENTION
from papers.actions.requests import GATHER

REMOVAL = "papers.remove_files"


# A part of 1,500 certificates takes some seconds; counting the villages of a whole program about one.
@job_kind(KIND, title=_("Write certificates of cover"), lease_seconds=300)
def write_printing(run: Run) -> dict[str, Any] | None:
    """Write the certificates that were approved."""
    return writing.write(run)


@job_kind(GATHER, title=_("Gather what is held about a person"), unit="steps", lease_seconds=120)
def gather_copy(run: Run) -> dict[str, Any] | None:
    """Gather the copy that was granted."""
    return gathered(run)


@job_kind(REMOVAL, title=_("Delete papers whose time is over"), unit="files", lease_seconds=600)
def remove_files(run: Run) -> dict[str, Any] | None:
    """Purge what is due, batch by batch."""
    at, purged = timezone.now(), 0
    while batch := purge_printings(at=at) + purge_copies(at=at):
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


@shared_task(name="papers.retention", ignore_result=True)
def retention() -> None:
    """Queue the day's removal."""
    queue_removal(at=timezone.now())
