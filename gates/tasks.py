"""Background work of the room: notices whose days are over, payments of many people, collection statements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gates import actions, notice_files
from gates.actions.clearings import KIND as SETTLE
from gates.actions.notice_files import KIND as WRITE
from gates.actions.notice_files import RETENTION
from gates.models import Clearing, Notice, OwnPayment, Statement
from gates.refunds import template_of
from intake.applying import apply
from intake.staging import stage
from jobs.actions import Run, enqueue
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.registry import job_kind

REMOVAL = "gates.remove_files"


@job_kind("gates.close_notice", title=_("Close a public notice"), lease_seconds=120)
def close_notice(run: Run) -> dict[str, Any] | None:
    """Record the step for everybody on the list."""
    notice = Notice.objects.select_related("period__plan", "organization").get(pk=run.arguments["notice"])
    return actions.close_part(run, notice, at=timezone.now())


@job_kind(WRITE, title=_("Write the lists of a public notice"), lease_seconds=120)
def write_notice(run: Run) -> dict[str, Any] | None:
    """Write the lists of all villages, as they hang."""
    return notice_files.write(run)


@job_kind(REMOVAL, title=_("Delete lists of notices whose time is over"), unit="files", lease_seconds=600)
def remove_files(run: Run) -> dict[str, Any] | None:
    """Purge what is due, batch by batch."""
    at, purged = timezone.now(), 0
    while batch := actions.purge_notice_files(at=at):
        purged += batch
        with transaction.atomic():
            run.advance(more=batch)
        run.check_stop()
    return {"purged": purged}


@job_kind("gates.record_payment", title=_("Record own payments"), lease_seconds=120)
def record_payment(run: Run) -> dict[str, Any] | None:
    """Record one payment for everybody on it."""
    payment = OwnPayment.objects.select_related("period__plan", "organization").get(pk=run.arguments["payment"])
    return actions.pay_part(run, payment, at=timezone.now())


@job_kind(SETTLE, title=_("Clear held money, reverse payments"), lease_seconds=120)
def settle_clearing(run: Run) -> dict[str, Any] | None:
    """Work through one approved clearing."""
    clearing = Clearing.objects.select_related("period__plan", "organization", "statement", "payment").get(
        pk=run.arguments["clearing"]
    )
    return actions.settle_clearing(run, clearing, at=timezone.now())


@job_kind("gates.check_statement", title=_("Check a collection statement"), lease_seconds=120)
def check_statement(run: Run) -> dict[str, Any] | None:
    """Check and stage the files of one statement."""
    statement = Statement.objects.get(pk=run.arguments["statement"])
    stage(run, statement, template_of(statement), at=timezone.now())
    return None


@job_kind("gates.apply_statement", title=_("Take in a collection statement"), lease_seconds=120)
def apply_statement(run: Run) -> dict[str, Any] | None:
    """Record what one approved statement says."""
    statement = Statement.objects.get(pk=run.arguments["statement"])
    apply(run, statement, template_of(statement), at=timezone.now())
    return None


@shared_task(name="gates.close_notices", ignore_result=True)
def close_notices() -> None:
    """Queue a job for each notice whose days are over and against which nothing is open."""
    actions.queue_closings(at=timezone.now())


def queue_removal(*, at: datetime) -> Job | None:
    """The day's job; None while an earlier one is still live, which does the same."""
    try:
        return enqueue(REMOVAL, arguments={}, subject=None, organization=None, region_code="", by=RETENTION, at=at)
    except JobsRefused as refused:
        if refused.code != "ALREADY_LIVE":
            raise
        return None


@shared_task(name="gates.retention", ignore_result=True)
def retention() -> None:
    """Queue the day's removal."""
    queue_removal(at=timezone.now())
