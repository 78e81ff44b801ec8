"""Background work of the room: the sealer."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit import events


@shared_task(name="audit.seal_events", ignore_result=True)
def seal_events() -> None:
    """Chain what was committed since the last run."""
    events.seal_events(at=timezone.now())
