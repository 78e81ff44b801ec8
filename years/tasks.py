"""Background work of the room: count a comparison; look which ones are due."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.actions import Run
from jobs.registry import job_kind
from years import actions
from years.actions.comparisons import KIND
from years.models import Comparison


@job_kind(KIND, title=_("Compare two years"), lease_seconds=600)
def count(run: Run) -> dict[str, Any] | None:
    """Count one comparison anew."""
    return actions.count_comparison(run, Comparison.objects.get(pk=run.arguments["comparison"]), at=timezone.now())


@shared_task(name="years.count_due", ignore_result=True)
def count_due() -> None:
    """Queue a job for each comparison that rosters have overtaken."""
    actions.count_due(at=timezone.now())
