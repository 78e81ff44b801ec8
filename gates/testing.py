"""Rosters that wait for their gates, and notices, for tests."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Roster
from beneficiaries.testing import World, uploaded
from gates.actions import make_notice, post_notice, record_payment
from gates.models import WHITELIST, Notice, OwnPayment
from jobs.testing import drain
from programs.models import Category

TERMS: dict[str, Any] = {"requires_notice": True, "notice_days": 5, "requires_own_payment": True}


def applied(world: World, rows: list[list[str]]) -> Roster:
    """Uploaded, submitted, approved, applied; its people wait for their first gate."""
    roster = uploaded(world, rows)
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def made_notice(world: World, **changes: Any) -> Notice:
    """A draft of the county's office, from today, for the days that the plan asks for."""
    at: datetime = changes.pop("at", timezone.now())
    values: dict[str, Any] = {
        "organization": world.office, "region_code": "441602", "starts_on": timezone.localdate(at),
        "days": world.plan.notice_days, "columns": list(WHITELIST),
        "named_categories": list(Category.objects.filter(code__in=("dibao", "tekun"))), "basis": "社会救助暂行办法",
        "phone": "0762-3380000", "by": world.clerk, "at": at, **changes,
    }
    return make_notice(world.period, **values)


def posted_notice(world: World, **changes: Any) -> Notice:
    """Posted by the reviewer."""
    notice = made_notice(world, **changes)
    return post_notice(notice, by=world.reviewer, at=changes.get("at", timezone.now()))


def moment(day: date, hour: int = 9) -> datetime:
    """A moment of a day."""
    return timezone.make_aware(datetime.combine(day, time(hour)))


def paid(world: World, covers: Any, **changes: Any) -> OwnPayment:
    """By the city's finance maker, today."""
    values: dict[str, Any] = {
        "period": world.period, "reference": "YH-20261126-1", "paid_on": timezone.localdate(), "by": world.finance_maker,
        "at": timezone.now(), **changes,
    }
    return record_payment(covers, **values)
