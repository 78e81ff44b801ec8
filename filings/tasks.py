"""Background work of the room: check, open and undo files of claims, read archives of papers."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from filings import attaching
from filings.actions.claim_files import APPLY, STAGE, UNDO
from filings.models import ClaimFile, PaperArchive
from filings.template import template_of
from intake.applying import apply
from intake.staging import stage
from intake.undoing import undo
from jobs.actions import Run
from jobs.registry import job_kind


@job_kind(STAGE, title=_("Check a file of claims"), lease_seconds=180)
def check_claim_file(run: Run) -> dict[str, Any] | None:
    """Check and stage one file."""
    subject = ClaimFile.objects.get(pk=run.arguments["claim_file"])
    stage(run, subject, template_of(subject), at=timezone.now())
    return None


@job_kind(APPLY, title=_("Open the cases of a file of claims"), lease_seconds=600)
def open_claim_file(run: Run) -> dict[str, Any] | None:
    """Open the cases of one file."""
    subject = ClaimFile.objects.get(pk=run.arguments["claim_file"])
    apply(run, subject, template_of(subject), at=timezone.now())
    return None


@job_kind(UNDO, title=_("Undo a file of claims"), lease_seconds=600)
def undo_claim_file(run: Run) -> dict[str, Any] | None:
    """Undo one file."""
    subject = ClaimFile.objects.get(pk=run.arguments["claim_file"])
    undo(run, subject, template_of(subject), at=timezone.now())
    return None


@job_kind(attaching.KIND, title=_("Read an archive of papers"), unit="files", lease_seconds=600)
def read_archive(run: Run) -> dict[str, Any] | None:
    """Match and attach what is in one archive."""
    archives = PaperArchive.objects.select_related("file", "claim_file__organization", "uploaded_by")
    return attaching.read_archive(run, archives.get(pk=run.arguments["archive"]))


@shared_task(name="filings.attach", ignore_result=True)
def attach() -> None:
    """Queue archives with papers whose claims are open by now."""
    attaching.queue_waiting(at=timezone.now())
