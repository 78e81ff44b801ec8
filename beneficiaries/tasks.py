"""Background work of the room: check a roster, apply a roster."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from beneficiaries.models import Roster
from beneficiaries.template import ROSTER
from intake.applying import apply
from intake.staging import stage
from jobs.actions import Run
from jobs.registry import job_kind


@job_kind("beneficiaries.stage_roster", title=_("Check a roster"), lease_seconds=120)
def stage_roster(run: Run) -> dict[str, Any] | None:
    """Check and stage the files of one roster."""
    roster = Roster.objects.get(pk=run.arguments["roster"])
    stage(run, roster, ROSTER, at=timezone.now())
    return None


@job_kind("beneficiaries.apply_roster", title=_("Apply a roster"), lease_seconds=120)
def apply_roster(run: Run) -> dict[str, Any] | None:
    """Make people, beneficiaries and enrollments of one approved roster."""
    roster = Roster.objects.get(pk=run.arguments["roster"])
    apply(run, roster, ROSTER, at=timezone.now())
    return None
