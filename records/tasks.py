"""Background work of the room: check, propose and undo files of settlement records."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.applying import apply
from intake.staging import stage
from intake.undoing import undo
from jobs.actions import Run
from jobs.registry import job_kind
from records.actions.lists import APPLY, STAGE, UNDO
from records.models import RecordList
from records.template import template_of


@job_kind(STAGE, title=_("Check settlement records"), lease_seconds=180)
def check_records(run: Run) -> dict[str, Any] | None:
    """Check, stage and calculate one file."""
    found = RecordList.objects.get(pk=run.arguments["record_list"])
    stage(run, found, template_of(found), at=timezone.now())
    return None


@job_kind(APPLY, title=_("Propose what settlement records show as due"), lease_seconds=300)
def propose_records(run: Run) -> dict[str, Any] | None:
    """Propose of one file."""
    found = RecordList.objects.get(pk=run.arguments["record_list"])
    apply(run, found, template_of(found), at=timezone.now())
    return None


@job_kind(UNDO, title=_("Undo a file of settlement records"), lease_seconds=300)
def undo_records(run: Run) -> dict[str, Any] | None:
    """Undo one file."""
    found = RecordList.objects.get(pk=run.arguments["record_list"])
    undo(run, found, template_of(found), at=timezone.now())
    return None
