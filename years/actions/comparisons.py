"""Comparisons asked for by a person, or by the clock where rosters have moved since; counted by a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.models import Roster
from jobs.actions import Run, enqueue
from jobs.errors import JobsRefused
from programs.models import Period, Plan
from years.counting import count_anew
from years.errors import YearsRefused
from years.models import Comparison

KIND = "years.count"
CLOCK = gettext_noop("system:clock")


def ask_comparison(period: Period, *, by: User | str, at: datetime) -> Comparison:
    """Have a period compared with the one before it, or counted anew: a job counts."""
    if period.plan.period_kind != Plan.PeriodKind.ANNUAL:
        raise YearsRefused("SPANS")
    before = before_of(period)
    if before is None:
        raise YearsRefused("NO_EARLIER_PERIOD")
    program = period.program
    try:
        with transaction.atomic():
            fault_point("years.ask_comparison.before")
            comparison, _made = Comparison.objects.get_or_create(
                period=period, defaults={"before": before, "program": program}
            )
            enqueue(
                KIND, arguments={"comparison": comparison.pk}, subject=comparison, organization=program.organization,
                region_code=program.region_code, program_id=program.pk, by=by, at=at,
            )
            events.record(
                "comparison.asked", comparison, by=by, at=at, organization=program.organization,
                region_code=program.region_code, program_id=program.pk, data={"before": comparison.before.code},
            )
            fault_point("years.ask_comparison.after")
    except JobsRefused as refused:
        if refused.code != "ALREADY_LIVE":
            raise
        raise YearsRefused("BEING_COUNTED") from refused
    return comparison


def before_of(period: Period) -> Period | None:
    """The period of the same program that began last of those that are over when this one begins: no other tier of its year."""
    earlier = Period.objects.filter(program=period.program_id, ends_on__lte=period.starts_on)
    return earlier.filter(plan__period_kind=Plan.PeriodKind.ANNUAL).order_by("-starts_on", "-pk").first()


def count_comparison(run: Run, comparison: Comparison, *, at: datetime) -> dict[str, Any]:
    """The work of the job: everything counted anew in one transaction."""
    with transaction.atomic():
        comparison = (
            Comparison.objects.select_for_update(of=("self",))
            .select_related("period__plan__program", "before", "program__organization").get(pk=comparison.pk)
        )
        fault_point("years.count_comparison.before")
        renewed, new, left = count_anew(comparison, at=at)
        comparison.counted_at = at
        comparison.save(update_fields=["counted_at"])
        events.record(
            "comparison.counted", comparison, by="system:years", at=at, organization=comparison.program.organization,
            region_code=comparison.program.region_code, program_id=comparison.program_id,
            data={"before": comparison.before.code, "renewed": renewed, "new": new, "left": left},
        )
        run.advance(done=1, total=1)
        fault_point("years.count_comparison.after")
    return {"renewed": renewed, "new": new, "left": left}


@transaction.atomic
def count_due(*, at: datetime) -> int:
    """Ask for what is due: open periods that have one before, in either of which a roster moved since the last count.

    Changes of single people are in the next day's count.
    """
    day = timezone.localdate(at)
    annual = Period.objects.filter(closed_at=None, plan__period_kind=Plan.PeriodKind.ANNUAL, enrollment_opens_on__lte=day)
    earlier = Period.objects.filter(program=OuterRef("program"), ends_on__lte=OuterRef("starts_on"))
    moved = Roster.objects.filter(program=OuterRef("program"), purpose__in=("enroll", "renew", "end")).filter(
        Q(applied_at__gt=OuterRef("comparison__counted_at")) | Q(undone_at__gt=OuterRef("comparison__counted_at"))
    )
    anybody = Roster.objects.filter(period=OuterRef("pk"), applied_at__isnull=False)
    due = annual.filter(Exists(earlier)).filter(
        Q(comparison__isnull=True) & Exists(anybody) | Q(comparison__counted_at__isnull=False) & Exists(moved)
        | Q(comparison__counted_at__date__lt=day, ends_on__gt=day)
    )
    asked = 0
    for period in due.select_related("plan", "program__organization").order_by(F("pk")):
        try:
            ask_comparison(period, by=CLOCK, at=at)
        except YearsRefused as refused:
            if refused.code == "BEING_COUNTED":
                continue
            raise
        asked += 1
    return asked
