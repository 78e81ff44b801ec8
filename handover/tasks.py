"""Background work of the room: write a hand-over's file, check and apply a receipt, delete files whose time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from handover import writing
from handover.actions import purge_handovers
from handover.actions.hand_overs import KIND, RETENTION
from handover.actions.invoices import AGREE, CHECK
from handover.actions.receipts import APPLY, STAGE
from handover.answers import template_of
from handover.models import Invoice, Receipt
from handover.totals import template_of as template_of_invoice
from intake.applying import apply
from intake.staging import stage
from jobs.actions import Run, enqueue
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.registry import job_kind

REMOVAL = "handover.remove_files"


@job_kind(KIND, title=_("Write the file of a hand-over"), lease_seconds=300)
def write_file(run: Run) -> dict[str, Any] | None:
    """Write the list that was released."""
    return writing.write(run)


@job_kind(STAGE, title=_("Check a receipt of an insurer"), lease_seconds=120)
def stage_receipt(run: Run) -> dict[str, Any] | None:
    """Check and stage the files of one receipt."""
    receipt = Receipt.objects.get(pk=run.arguments["receipt"])
    stage(run, receipt, template_of(receipt), at=timezone.now())
    return None


@job_kind(APPLY, title=_("Apply a receipt of an insurer"), lease_seconds=120)
def apply_receipt(run: Run) -> dict[str, Any] | None:
    """Make the answers of one receipt real."""
    receipt = Receipt.objects.get(pk=run.arguments["receipt"])
    apply(run, receipt, template_of(receipt), at=timezone.now())
    return None


@job_kind(CHECK, title=_("Check an invoice of an insurer"), lease_seconds=120)
def check_invoice(run: Run) -> dict[str, Any] | None:
    """Check and stage the files of one invoice."""
    invoice = Invoice.objects.get(pk=run.arguments["invoice"])
    stage(run, invoice, template_of_invoice(invoice), at=timezone.now())
    return None


@job_kind(AGREE, title=_("Agree to the lines of an invoice"), lease_seconds=120)
def agree_invoice(run: Run) -> dict[str, Any] | None:
    """Make what is equal of one invoice owed."""
    invoice = Invoice.objects.get(pk=run.arguments["invoice"])
    apply(run, invoice, template_of_invoice(invoice), at=timezone.now())
    return None


@job_kind(REMOVAL, title=_("Delete files of hand-overs whose time is over"), unit="files", lease_seconds=600)
def remove_files(run: Run) -> dict[str, Any] | None:
    """Purge what is due, batch by batch."""
    at, purged = timezone.now(), 0
    while batch := purge_handovers(at=at):
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


@shared_task(name="handover.retention", ignore_result=True)
def retention() -> None:
    """Queue the day's removal."""
    queue_removal(at=timezone.now())
