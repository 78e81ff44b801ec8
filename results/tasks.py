"""Background work of the room: check, record and undo reports of payouts."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.applying import apply
from intake.staging import stage
from intake.undoing import undo
from jobs.actions import Run
from jobs.registry import job_kind
from results.actions.reports import APPLY, STAGE, UNDO
from results.models import Report
from results.template import template_of


@job_kind(STAGE, title=_("Check a report of payouts"), lease_seconds=180)
def check_report(run: Run) -> dict[str, Any] | None:
    """Check, stage and recalculate one report."""
    report = Report.objects.get(pk=run.arguments["report"])
    stage(run, report, template_of(report), at=timezone.now())
    return None


@job_kind(APPLY, title=_("Record a report of payouts"), lease_seconds=300)
def record_report(run: Run) -> dict[str, Any] | None:
    """Record one report."""
    report = Report.objects.get(pk=run.arguments["report"])
    apply(run, report, template_of(report), at=timezone.now())
    return None


@job_kind(UNDO, title=_("Undo a report of payouts"), lease_seconds=300)
def undo_report(run: Run) -> dict[str, Any] | None:
    """Undo one report."""
    report = Report.objects.get(pk=run.arguments["report"])
    undo(run, report, template_of(report), at=timezone.now())
    return None
