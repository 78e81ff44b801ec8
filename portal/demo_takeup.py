"""Take-up in the demo: target populations of a program's periods; of the newest they wait. Loaded again, nothing is new."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from beneficiaries.models import DayStanding
from programs.models import Period, Program
from takeup import actions
from takeup.actions.targets import Wanted, digest_of, waiting_for
from takeup.models import Target

BASIS = "民政和乡村振兴部门年初在册人数(示例)"
#: Of a hundred people who could be, so many of the demo's are enrolled.
SHARE = 80


def set_targets(program: Program, *, clerk: User, reviewer: User, say: Callable[[str], None]) -> None:
    """The counties in which somebody is enrolled."""
    periods = list(Period.objects.filter(program=program).order_by("starts_on"))
    for period in periods:
        if not Target.objects.filter(period=period).exists():
            people = DayStanding.objects.filter(program=program).order_by("county").values_list("county")
            # Alike in both years: who lives there does not follow from who was enrolled.
            counties = dict(people.filter(period=periods[0]).annotate(number=Sum("people")))
            wanted = [
                Wanted(county, -(-number * 100 // SHARE // 10) * 10 or 10, BASIS) for county, number in counties.items() if number
            ]
            if wanted:
                actions.propose_targets(period, wanted, by=clerk, at=timezone.now())
        waiting = waiting_for(period, reviewer)
        if waiting and (period != periods[-1] or len(periods) == 1):
            actions.approve_targets(period, shown=digest_of(waiting), by=reviewer, at=timezone.now())
        say(f"{period}: {Target.objects.filter(period=period).count()} target populations")
