"""The next year of the demo: its period with budgets, one county renewed and compared, another's renewal waiting for approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from django.utils import timezone

from accounts.models import Organization, User
from beneficiaries import actions as rosters
from beneficiaries.models import Roster
from beneficiaries.purposes import template_of
from intake.models import State
from jobs.actions import run_pending
from programs import actions as programs
from programs.models import Budget, Funder, Period
from years import actions as years
from years.models import Comparison

LABEL = "第一批"


def next_year(before: Period, clerks: Sequence[User], users: Mapping[str, User], *, short: str, say: Callable[[str], None]) -> None:
    """Lead the year after a period from wherever a killed load left it: the first office waits, the others are renewed."""
    maker, checker = users[f"{short}.finance.maker"], users[f"{short}.finance.checker"]
    into = _period(before, checker)
    for funder in Funder.objects.filter(budgets__period=before).distinct().order_by("pk"):
        own = (users["foundation.maker"], users["foundation.checker"]) if funder.kind == "foundation" else (maker, checker)
        _budget(funder, into, own)
    for clerk in reversed(clerks):
        roster = Roster.objects.filter(period=into, organization=clerk.organization, renewed_period=before).first()
        if roster is None:
            roster = rosters.renew_period(
                before, into=into, organization=_office(clerk), by=clerk, at=timezone.now()
            )
        run_pending()
        _bring(Roster.objects.get(pk=roster.pk), clerk, users[f"{short}.reviewer"], waits=clerk == clerks[0])
        roster = Roster.objects.get(pk=roster.pk)
        say(f"{into}: renewal {roster.pk}, {roster.row_count} people, {roster.state}")
    if not Comparison.objects.filter(period=into).exists():
        years.ask_comparison(into, by=users[f"{short}.reviewer"], at=timezone.now())
    run_pending()


def _office(clerk: User) -> Organization:
    found: Organization = clerk.organization
    return found


def _period(before: Period, checker: User) -> Period:
    year = before.starts_on.year + 1
    found = Period.objects.filter(program=before.program, code=str(year)).first()
    return found or programs.open_period(
        before.plan, code=str(year), starts_on=date(year, 1, 1), ends_on=date(year + 1, 1, 1),
        enrollment_opens_on=timezone.localdate(), enrollment_closes_on=date(year, 4, 1), by=checker, at=timezone.now(),
    )


def _budget(funder: Funder, period: Period, users: tuple[User, User]) -> None:
    maker, checker = users
    granted = Decimal("300000.00") if funder.kind == "foundation" else Decimal("60000.00")
    budget = Budget.objects.filter(funder=funder, period=period, label=LABEL).first() or programs.propose_budget(
        funder, period=period, label=LABEL, granted=granted, by=maker, at=timezone.now()
    )
    if budget.state == Budget.State.DRAFT:
        programs.approve_budget(budget, by=checker, at=timezone.now())


def _bring(roster: Roster, clerk: User, reviewer: User, *, waits: bool) -> None:
    if roster.state == State.REVIEW:
        if _waits_for_a_word(roster):
            rosters.confirm_unusual(roster, by=clerk, at=timezone.now())
            roster = Roster.objects.get(pk=roster.pk)
        roster = rosters.submit_roster(roster, by=clerk, at=timezone.now())
    if roster.state == State.SUBMITTED and not waits:
        rosters.approve_roster(roster, digest=roster.digest, by=reviewer, at=timezone.now())
    run_pending()


def _waits_for_a_word(roster: Roster) -> bool:
    """Whether a person must confirm it first."""
    return bool(template_of(roster).unusual(roster)) and roster.confirmed_digest != roster.digest
