"""Months drawn up and closed, for tests."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from beneficiaries.testing import World
from closing import actions
from closing.models import MonthClosing
from programs.models.books import month_after, month_of


def this_month() -> date:
    """The month in which tests post."""
    return month_of(timezone.localdate())


def once_over(month: date | None = None) -> datetime:
    """A moment on the third day after a month."""
    day = month_after(month or this_month()) + timedelta(days=2)
    return timezone.make_aware(datetime.combine(day, time(9)))


def drawn(world: World, month: date | None = None, **changes: Any) -> MonthClosing:
    """By the finance maker, once it is over."""
    month = month or this_month()
    return actions.draw_up_month(world.program, **{"month": month, "by": world.finance_maker, "at": once_over(month), **changes})


def submitted(world: World, month: date | None = None) -> MonthClosing:
    """By the maker."""
    return actions.submit_closing(drawn(world, month), by=world.finance_maker, at=once_over(month))


def closed(world: World, month: date | None = None) -> MonthClosing:
    """By the checker."""
    waiting = submitted(world, month)
    return actions.approve_closing(waiting, digest=waiting.digest, by=world.finance_checker, at=once_over(month))
