"""Months of the demo: of each program the last one is closed; loaded again, nothing is closed twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from closing import actions
from closing.counting import next_month
from closing.models import ClosingState, MonthClosing
from programs.models import Program
from programs.models.books import month_after, month_of


def in_the_month_before(at: datetime) -> datetime:
    """Noon of the last day of the month before."""
    day = month_of(timezone.localdate(at)) - timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time(12)))


def close_last_month(program: Program, *, maker: User, checker: User, say: Callable[[str], None]) -> None:
    """Lead the month before this one from wherever a killed load left it."""
    at = timezone.now()
    closing = MonthClosing.objects.filter(program=program, state__in=(ClosingState.DRAWN, ClosingState.SUBMITTED)).first()
    if closing is None:
        month = next_month(program)
        if month is None or timezone.localdate(at) < month_after(month):
            return
        closing = actions.draw_up_month(program, month=month, by=maker, at=at)
    if closing.state == ClosingState.DRAWN:
        closing = actions.submit_closing(closing, by=maker, at=at)
    actions.approve_closing(closing, digest=closing.digest, by=checker, at=at)
    say(f"{program.name}: {closing.month:%Y-%m} closed")
