"""Counts the last days of open claims anew when the calendar or a term has changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jobs.actions import enqueue
from jobs.errors import JobsRefused

KIND = "claims.recount_due"


def ask_recount(*, by: Any, at: datetime) -> None:
    """Within the caller's transaction: have it done; one that waits or runs already takes this change in, too."""
    try:
        enqueue(KIND, arguments={}, subject=None, organization=None, region_code="", by=by, at=at)
    except JobsRefused as refused:
        if refused.code != "ALREADY_LIVE":
            raise
