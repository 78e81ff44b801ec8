"""Periods: opened under a plan in force, closed when nobody is enrolled any more."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from programs.errors import ProgramRefused
from programs.models import Period, Plan, Program


def open_period(
    plan: Plan, *, code: str, starts_on: date, ends_on: date, enrollment_opens_on: date, enrollment_closes_on: date,
    by: User, at: datetime,
) -> Period:
    """A new program year. Days are half-open: `ends_on` and `enrollment_closes_on` are the first days without."""
    if not enrollment_opens_on < enrollment_closes_on <= ends_on or not starts_on < ends_on:
        raise ProgramRefused("WINDOW")
    with transaction.atomic():
        # One at a time per program: the second of two with one code waits here and finds the first.
        Program.objects.select_for_update().get(pk=plan.program_id)
        plan = Plan.objects.select_for_update(of=("self",)).select_related("program__organization").get(pk=plan.pk)
        if plan.state != Plan.State.IN_FORCE:
            raise ProgramRefused("PLAN_NOT_IN_FORCE")
        if Period.objects.filter(program=plan.program, code=code).exists():
            raise ProgramRefused("PERIOD_TWICE", period=code)
        fault_point("programs.open_period.before")
        period = Period.objects.create(
            program=plan.program, plan=plan, code=code, starts_on=starts_on, ends_on=ends_on,
            enrollment_opens_on=enrollment_opens_on, enrollment_closes_on=enrollment_closes_on,
        )
        _record("period.opened", period, by=by, at=at)
        fault_point("programs.open_period.after")
    return period


def close_period(period: Period, *, by: User, at: datetime) -> Period:
    """Nobody is enrolled in it any more."""
    with transaction.atomic():
        period = Period.objects.select_for_update(of=("self",)).select_related("program__organization").get(pk=period.pk)
        if period.closed_at is not None:
            return period
        period.closed_at = at
        fault_point("programs.close_period.before")
        period.save(update_fields=["closed_at"])
        _record("period.closed", period, by=by, at=at)
        fault_point("programs.close_period.after")
    return period


def _record(verb: str, period: Period, *, by: User, at: datetime) -> None:
    program = period.program
    events.record(
        verb, period, by=by, at=at, organization=program.organization, region_code=program.region_code,
        program_id=program.pk, data={"period": period.code},
    )
