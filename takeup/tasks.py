"""Background work of the room: check and take in lists of participants."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.applying import apply
from intake.staging import stage
from jobs.actions import Run
from jobs.registry import job_kind
from takeup.actions.participants import APPLY, STAGE
from takeup.models import ParticipantList
from takeup.participants import PARTICIPANTS


@job_kind(STAGE, title=_("Check a list of participants"), lease_seconds=120)
def check_participants(run: Run) -> dict[str, Any] | None:
    """Check and stage the files of one list."""
    stage(run, ParticipantList.objects.get(pk=run.arguments["list"]), PARTICIPANTS, at=timezone.now())
    return None


@job_kind(APPLY, title=_("Take in a list of participants"), lease_seconds=300)
def apply_participants(run: Run) -> dict[str, Any] | None:
    """Bring one list into force."""
    apply(run, ParticipantList.objects.get(pk=run.arguments["list"]), PARTICIPANTS, at=timezone.now())
    return None
