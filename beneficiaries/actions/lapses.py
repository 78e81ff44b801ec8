"""At the close of enrollment: who has not paid lapses, rosters that never finished give their money back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit import events
from audit.faults import fault_point
from beneficiaries.gating import Gate, lacking
from beneficiaries.lapsing import lapse_rows
from beneficiaries.models import Enrollment, Roster
from beneficiaries.models.enrollment import EnrollmentState
from intake.models import State
from jobs.actions import enqueue
from jobs.errors import JobsRefused
from jobs.models import Job
from programs import actions as programs
from programs.models import BudgetReservation, Period

LAPSER = gettext_noop("system:lapse")
BATCH = 20_000
KIND = "beneficiaries.lapse_period"


def queue_lapses(*, at: datetime) -> list[Job]:
    """A job for each period whose enrollment has closed with something unpaid or unfinished; again without harm."""
    queued = []
    for period in periods_to_lapse(at=at):
        try:
            queued.append(
                enqueue(
                    KIND, arguments={"period": period.pk}, subject=period, organization=period.program.organization,
                    region_code=period.program.region_code, program_id=period.program_id, by=LAPSER, at=at,
                )
            )
        except JobsRefused as refused:
            if refused.code != "ALREADY_LIVE":
                raise
    return queued


def periods_to_lapse(*, at: datetime) -> QuerySet[Period]:
    """Periods whose enrollment has closed while somebody has not paid, or a roster still holds money."""
    closed = Period.objects.filter(enrollment_closes_on__lte=timezone.localdate(at))
    held = BudgetReservation.objects.filter(period=OuterRef("pk"), closed_at=None, owner_type=Roster._meta.label_lower)
    found = closed.filter(Q(Exists(_unpaid().filter(period=OuterRef("pk")))) | Q(Exists(held)))
    return found.select_related("program__organization").order_by("pk")


def lapse_period(run: Any, period: Period, *, at: datetime) -> dict[str, int]:
    """Let unpaid enrollments lapse, batch by batch, and release what unfinished rosters hold; nothing before the close."""
    if timezone.localdate(at) < period.enrollment_closes_on:
        return {"people": 0, "rosters": 0}
    people = 0
    unpaid = _unpaid().filter(period=period).order_by("roster").values_list("roster", flat=True).distinct()
    for roster_id in list(unpaid):
        while lapsed := _lapse_batch(run, roster_id, at=at):
            people += lapsed
    rosters = sum(_release_unfinished(run, roster_id, at=at) for roster_id in _unfinished(period))
    return {"people": people, "rosters": rosters}


def _unpaid() -> QuerySet[Enrollment]:
    return Enrollment.objects.filter(
        lacking(Gate.OWN_PAYMENT), state=EnrollmentState.AWAITING, plan__requires_own_payment=True, roster__isnull=False
    )


def _lapse_batch(run: Any, roster_id: int, *, at: datetime) -> int:
    """One transaction; the roster's lock is that of its gates, so that a payment comes wholly before or after."""
    run.check_stop()
    with transaction.atomic():
        roster = _locked(roster_id)
        fault_point("beneficiaries.lapse_batch.before")
        lapsed = lapse_rows(roster, limit=BATCH, at=at)
        if lapsed.people:
            _record("roster.lapsed", roster, at=at, people=lapsed.people, released=str(lapsed.released))
        run.advance(more=lapsed.people)
        fault_point("beneficiaries.lapse.recorded")
    fault_point("beneficiaries.lapse.committed")
    return lapsed.people


def _unfinished(period: Period) -> list[int]:
    held = BudgetReservation.objects.filter(
        owner_type=Roster._meta.label_lower, owner_id=OuterRef("pk"), closed_at=None
    )
    found = Roster.objects.filter(Exists(held), period=period, state__in=(State.APPROVED, State.APPLYING))
    return list(found.order_by("pk").values_list("pk", flat=True))


def _release_unfinished(run: Any, roster_id: int, *, at: datetime) -> int:
    """Give back what a roster holds that nobody works on, and let its job set the rest of its rows aside.

    A roster whose job waits or runs was approved in time and is left to finish.
    """
    run.check_stop()
    with transaction.atomic():
        roster = _locked(roster_id)
        busy = Job.objects.about(roster).live().exists() or roster.state not in (State.APPROVED, State.APPLYING)
        if not busy:
            fault_point("beneficiaries.release_unfinished.before")
            released = programs.release_reservation(roster, by=LAPSER, at=at)
            _record("roster.hold_lapsed", roster, at=at, released=str(released))
            enqueue(
                "beneficiaries.apply_roster", arguments={"roster": roster.pk}, subject=roster,
                organization=roster.organization, region_code=roster.region_code, program_id=roster.program_id,
                by=LAPSER, at=at, total=roster.row_count or None,
            )
        run.advance()
        fault_point("beneficiaries.release_unfinished.after")
    fault_point("beneficiaries.release_unfinished.committed")
    return 0 if busy else 1


def _locked(roster_id: int) -> Roster:
    found = Roster.objects.select_for_update(of=("self",)).select_related("organization").get(pk=roster_id)
    fault_point("beneficiaries.lapse.locked")
    return found


def _record(verb: str, roster: Roster, *, at: datetime, **data: Any) -> None:
    events.record(
        verb, roster, by=LAPSER, at=at, organization=roster.organization, region_code=roster.region_code,
        program_id=roster.program_id, data=data,
    )
