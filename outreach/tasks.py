"""Background work of the room: write messages, delete files whose time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.applying import apply
from intake.staging import stage
from jobs.actions import Run, enqueue
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.registry import job_kind
from outreach import writing
from outreach.actions import purge_sendings
from outreach.actions.reports import APPLY, STAGE
from outreach.actions.sendings import KIND, RETENTION
from outreach.models import DeliveryReport
from outreach.reporting import template_of

REMOVAL = "outreach.remove_files"


@job_kind(KIND, title=_("Write messages to people"), lease_seconds=300)
def write_sending(run: Run) -> dict[str, Any] | None:
    """Write the messages that were released."""
    return writing.write(run)


@job_kind(STAGE, title=_("Check a delivery report"), lease_seconds=120)
def stage_report(run: Run) -> dict[str, Any] | None:
    """Check and stage the files of one report."""
    report = DeliveryReport.objects.get(pk=run.arguments["report"])
    stage(run, report, template_of(report), at=timezone.now())
    return None


@job_kind(APPLY, title=_("Keep what a delivery report says"), lease_seconds=120)
def apply_report(run: Run) -> dict[str, Any] | None:
    """Keep what became of the messages of one report."""
    report = DeliveryReport.objects.get(pk=run.arguments["report"])
    apply(run, report, template_of(report), at=timezone.now())
    return None


@job_kind(REMOVAL, title=_("Delete messages whose time is over"), unit="files", lease_seconds=600)
def remove_files(run: Run) -> dict[str, Any] | None:
    """Purge what is due, batch by batch."""
    at, purged = timezone.now(), 0
    while batch := purge_sendings(at=at):
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


@shared_task(name="outreach.retention", ignore_result=True)
def retention() -> None:
    """Queue the day's removal."""
    queue_removal(at=timezone.now())
