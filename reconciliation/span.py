"""Of which time and office a reconciliation is: nothing, a day or a month; the whole program, or an office and those below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from programs.models.books import month_after

#: Before anything was booked, and after everything that may be.
_EARLIEST, _LATEST = date(1970, 1, 1), date(9999, 1, 1)


@dataclass(frozen=True)
class Span:
    """Half-open days; `path`: of an office, empty for the whole program. `late_days`: after how many a payout is overdue."""

    first: date = _EARLIEST
    until: date = _LATEST
    path: str = ""
    late_days: int = 3

    @property
    def is_all(self) -> bool:
        """Whether everything since the beginning is meant."""
        return self.until == _LATEST

    def facts(self, program_id: int, *, at: datetime) -> dict[str, Any]:
        """As the statements take it; what is late counts from `at`."""
        return {
            "program": program_id, "path": self.path, "first": self.first, "until": self.until, "begin": _midnight(self.first),
            "end": _midnight(self.until), "late_from": at - timedelta(days=self.late_days),
        }


def of_month(first: date, **given: Any) -> Span:
    """One month."""
    return Span(first, month_after(first), **given)


def of_day(day: date, **given: Any) -> Span:
    """One day."""
    return Span(day, day + timedelta(days=1), **given)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
