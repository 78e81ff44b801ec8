"""The next year of the world of Latin data: a renewal in review, one withdrawn, two years compared, a period reviewed."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.utils import timezone

from beneficiaries.actions import renew_period, withdraw_roster
from beneficiaries.models import Roster
from jobs.testing import drain
from programs.models import Period
from programs.testing import expecting
from years import actions


def add_years(world: Any, *, reason: str) -> None:
    """Who is covered is asked anew for the period after theirs."""
    clerk, own = world.users["county clerk"], world.period
    into = Period.objects.create(
        program=own.program, plan=own.plan, code=f"{own.code}Z", starts_on=own.ends_on,
        ends_on=own.ends_on.replace(year=own.ends_on.year + 1), enrollment_opens_on=own.enrollment_opens_on,
        enrollment_closes_on=own.ends_on,
    )
    for withdrawn in (True, False):
        roster = renew_period(own, into=into, organization=world.county, by=clerk, at=timezone.now())
        drain()
        if withdrawn:
            withdraw_roster(Roster.objects.get(pk=roster.pk), reason=reason, by=clerk, at=timezone.now())
    actions.ask_comparison(into, by=world.users["city reviewer"], at=timezone.now())
    drain()
    _review(world, reason=reason)


def _review(world: Any, *, reason: str) -> None:
    """As if the period were over: one review that was sent back, one that waits."""
    maker, checker = world.users["city finance_maker"], world.users["city finance_checker"]
    expecting(world.plan, people=3, premium=Decimal("297.00"), claims=Decimal("200.00"))
    over = timezone.make_aware(datetime.combine(world.period.ends_on, time(12)))
    actions.decline_review(actions.draw_up_review(world.period, by=maker, at=over), reason=reason, by=checker, at=over)
    actions.draw_up_review(world.period, by=maker, at=over)
