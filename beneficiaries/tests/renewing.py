"""What tests of renewals share: a world with a period before and the next one, and the steps of a renewal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from audit.worlds import keepable
from beneficiaries.actions import approve_roster, renew_period, submit_roster, upload_roster
from beneficiaries.models import Enrollment, Roster, RosterRow
from beneficiaries.testing import World, csv_of, make_world, people
from jobs.testing import drain
from programs.models import Period
from programs.testing import make_budget, make_period


@dataclass
class Years:
    """A world, the period in which people are covered and the one after it."""

    world: World
    before: Period
    into: Period


@keepable
def make_years(**terms: Any) -> Years:
    """As `make_world`; the next period takes enrollments now, too, and has budgets of its own."""
    return next_year(make_world(**terms))


def next_year(world: World, *, granted: Decimal = Decimal("1000000.00")) -> Years:
    """A world with the period after its own."""
    into = make_period(
        world.plan, year=world.period.starts_on.year + 1, by=world.finance_checker, at=world.at,
        enrollment_opens_on=world.period.enrollment_opens_on, enrollment_closes_on=world.period.enrollment_closes_on,
    )
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=into, granted=granted, maker=world.finance_maker, checker=world.finance_checker, at=world.at
        )
    return Years(world, world.period, into)


def checked(roster: Roster) -> Roster:
    """After its jobs."""
    drain()
    return Roster.objects.get(pk=roster.pk)


def approved(world: World, roster: Roster) -> Roster:
    """Submitted and approved, its job waits."""
    roster = submit_roster(roster, by=world.clerk, at=timezone.now())
    return approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())


def covered(years: Years, count: int, *, first: int = 0, **cells: str) -> Roster:
    """So many people covered in the period before."""
    roster = checked(
        upload_roster(
            [("名册.csv", csv_of(people(count, first=first, **cells)))], period=years.before,
            organization=years.world.office, by=years.world.clerk, at=timezone.now(),
        )
    )
    return checked(approved(years.world, roster))


def asked(years: Years, **given: Any) -> Roster:
    """A renewal that waits for its check."""
    return renew_period(
        years.before, into=years.into, organization=years.world.office, by=years.world.clerk, at=timezone.now(), **given
    )


def reviewed(years: Years, **given: Any) -> Roster:
    """A renewal in review."""
    return checked(asked(years, **given))


def renewed(years: Years, **given: Any) -> Roster:
    """A renewal that is applied."""
    return checked(approved(years.world, reviewed(years, **given)))


def verdicts(roster: Roster) -> dict[date | None, tuple[int, list[str], str]]:
    """By birth date: verdict, findings, what the first finding says besides."""
    return {
        row.birth_on: (row.verdict, row.codes, row.findings[0]["extra"] if row.findings else "")
        for row in RosterRow.objects.filter(roster=roster)
    }


def cover_of(years: Years, number: int) -> Enrollment:
    """The cover before of one of `people`."""
    return Enrollment.objects.get(period=years.before, person__birth_on=date(1940 + number, 1, 1))
