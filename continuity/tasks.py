"""Background work of the room: check and take in lists of earlier years."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from continuity.actions.lists import APPLY, STAGE
from continuity.earlier import EARLIER
from continuity.models import EarlierList
from intake.applying import apply
from intake.staging import stage
from jobs.actions import Run
from jobs.registry import job_kind


@job_kind(STAGE, title=_("Check a list of earlier years"), lease_seconds=120)
def check_earlier(run: Run) -> dict[str, Any] | None:
    """Check and stage the files of one list."""
    stage(run, EarlierList.objects.get(pk=run.arguments["list"]), EARLIER, at=timezone.now())
    return None


@job_kind(APPLY, title=_("Take in a list of earlier years"), lease_seconds=300)
def apply_earlier(run: Run) -> dict[str, Any] | None:
    """Take in one list."""
    apply(run, EarlierList.objects.get(pk=run.arguments["list"]), EARLIER, at=timezone.now())
    return None
