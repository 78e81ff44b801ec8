"""Background work of the room: check a roster, apply a roster, let what is unpaid at the close of enrollment lapse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from beneficiaries import actions, marking, standing
from beneficiaries.models import Roster
from beneficiaries.purposes import template_of
from intake.applying import apply
from intake.staging import stage
from intake.undoing import undo
from jobs.actions import Run
from jobs.registry import job_kind
from programs.models import Period


@job_kind("beneficiaries.stage_roster", title=_("Check a roster"), lease_seconds=120)
def stage_roster(run: Run) -> dict[str, Any] | None:
    """Check and stage the files of one roster."""
    roster = Roster.objects.get(pk=run.arguments["roster"])
    stage(run, roster, template_of(roster), at=timezone.now())
    return None


@job_kind("beneficiaries.apply_roster", title=_("Apply a roster"), lease_seconds=120)
def apply_roster(run: Run) -> dict[str, Any] | None:
    """Do what one approved roster is for."""
    roster = Roster.objects.get(pk=run.arguments["roster"])
    apply(run, roster, template_of(roster), at=timezone.now())
    return None


@job_kind("beneficiaries.undo_roster", title=_("Undo a roster"), lease_seconds=120)
def undo_roster(run: Run) -> dict[str, Any] | None:
    """Take back what one applied roster made."""
    roster = Roster.objects.get(pk=run.arguments["roster"])
    undo(run, roster, template_of(roster), at=timezone.now())
    return None


@job_kind("beneficiaries.lapse_period", title=_("Lapse what is unpaid"), lease_seconds=120)
def lapse_period(run: Run) -> dict[str, Any] | None:
    """Let unpaid enrollments of one closed period lapse."""
    period = Period.objects.get(pk=run.arguments["period"])
    return actions.lapse_period(run, period, at=timezone.now())


@job_kind(marking.KIND, title=_("Prepare the search of people"), lease_seconds=120)
def mark_people(run: Run) -> Mapping[str, Any] | None:
    """Mark everybody who is not marked yet."""
    return marking.mark_unmarked(run)


@shared_task(name="beneficiaries.mark", ignore_result=True)
def mark() -> None:
    """Queue a job where somebody is not marked yet."""
    marking.queue_marking(at=timezone.now())


@shared_task(name="beneficiaries.settle_standing", ignore_result=True)
def settle_standing() -> None:
    """Put the counts behind the boards together."""
    standing.settle()


@shared_task(name="beneficiaries.lapse", ignore_result=True)
def lapse() -> None:
    """Queue a job for each period that has closed with something unpaid."""
    actions.queue_lapses(at=timezone.now())
