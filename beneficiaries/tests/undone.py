"""Rosters applied and undone, as tests need them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit.worlds import keepable
from beneficiaries.actions import approve_roster, approve_undo, request_undo, submit_roster, upload_roster
from beneficiaries.models import Roster
from beneficiaries.testing import World, csv_of, make_world, people
from jobs.testing import drain
from programs.models import Budget, LedgerAccount, Period
from programs.testing import make_budget, make_period

REASON = "名单发错了镇街"


def later_period(world: World, later: int, *, granted: Decimal = Decimal("1000000.00")) -> Period:
    """Another period of the same plan, open now and funded."""
    period = make_period(
        world.plan, year=timezone.localdate(world.at).year + 1 + later, by=world.finance_checker, at=world.at,
        enrollment_opens_on=world.period.enrollment_opens_on,
    )
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=period, granted=granted, maker=world.finance_maker,
            checker=world.finance_checker, at=world.at,
        )
    return period


def applied(world: World, rows: list[list[str]], *, period: Period | None = None, name: str = "名册.csv") -> Roster:
    """Uploaded, submitted, approved, applied."""
    roster = upload_roster(
        [(name, csv_of(rows))], period=period or world.period, organization=world.office, by=world.clerk,
        at=timezone.now(),
    )
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def asked(world: World, roster: Roster, *, by: User | None = None) -> Roster:
    """Its undo requested."""
    return request_undo(roster, reason=REASON, by=by or world.clerk, at=timezone.now())


def ordered(world: World, roster: Roster) -> Roster:
    """Its undo requested and approved; not done yet."""
    return approve_undo(asked(world, roster), by=world.reviewer, at=timezone.now())


def undone(world: World, roster: Roster) -> Roster:
    """The whole way back."""
    ordered(world, roster)
    drain()
    return Roster.objects.get(pk=roster.pk)


def money_of(funder: Any, period: Period) -> tuple[Decimal, Decimal, Decimal]:
    """(reserved, used, released) of a funder's budget."""
    return Budget.objects.values_list("reserved", "used", "released").get(funder=funder, period=period)


def balances() -> dict[str, Decimal]:
    """Of every kind of account."""
    found: dict[str, Decimal] = {}
    for kind, balance in LedgerAccount.objects.values_list("kind", "balance"):
        found[kind] = found.get(kind, Decimal("0.00")) + balance
    return found


@keepable
def make_applied(count: int, **terms: Any) -> tuple[World, Roster]:
    """A world with an applied roster of as many people: made once for all tests that begin with it."""
    world = make_world(**terms)
    return world, applied(world, people(count))
