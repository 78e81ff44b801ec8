"""How long the law has an office keep what it knows of an insured person; rules only."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.utils import timezone


def kept_until(ended_at: datetime | None, *, at: datetime) -> date:
    """The last day on which data is kept: RETENTION_YEARS after the last cover ended, or from today where there was none."""
    day = timezone.localdate(max(ended_at, at) if ended_at is not None else at)
    year = day.year + settings.RETENTION_YEARS
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
