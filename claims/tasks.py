"""Background work of the room: last days counted anew."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from claims import recounting
from jobs.actions import Run
from jobs.registry import job_kind


@job_kind(recounting.KIND, title=_("Count last days of claims anew"), lease_seconds=120)
def recount_due(run: Run) -> dict[str, Any] | None:
    """All open claims."""
    return recounting.recount_due(run)


@shared_task(name="claims.recount", ignore_result=True)
def recount() -> None:
    """Once a day: what came by another way than a change of calendar, term or state."""
    recounting.ask_recount(by="system:clock", at=timezone.now())
