"""Sample runs of the actions of `papers` for the crash sweep."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_user
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, people
from jobs.models import Job
from jobs.testing import drain
from papers import actions
from papers.models import Asker, IdentityCheck, PersonRequest, Printing, RequestKind
from papers.testing import CLAIM, OPEN, PHONE, PURPOSE
from programs.testing import make_budget, make_period, make_plan, make_program
from tests.kit.crash_samples import D, Run, fresh, sample
from tests.kit.crashes import Token


def covered(world: World, token: Token) -> World:
    """A program of its own with two people whose cover is in force, and what their certificates say."""
    program = make_program(token.capitals, organization=world.city, insurer=world.insurer)
    plan = make_plan(
        program, foundation=world.foundation, maker=world.finance_maker, checker=world.finance_checker, at=timezone.now(), **OPEN
    )
    period = make_period(plan, year=2031, by=world.finance_checker, at=timezone.now(), enrollment_opens_on=world.at.date())
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=period, granted=D("1000.00"), maker=world.finance_maker, checker=world.finance_checker,
            at=timezone.now(),
        )
    own = World(**{**vars(world), "program": program, "plan": plan, "period": period})
    # Other people each time, alike in all that is kept in the clear: a request waits once for a person and office.
    number = int("".join(str(ord(letter) - ord("a")) for letter in token.letters[2:]))
    applied(own, people(2, first=number % 499 * 40_320))
    worded(own)
    return own


def worded(world: World) -> Any:
    return actions.write_wording(world.program, how_to_claim=CLAIM, phone=PHONE, by=world.reviewer, at=timezone.now())


def asked(world: World) -> Printing:
    return actions.ask_printing(
        world.period, organization=world.office, region_code="441602", purpose=PURPOSE, by=world.clerk, at=timezone.now()
    )


def cover_of(world: World) -> Enrollment:
    return Enrollment.objects.filter(program=world.program).earliest("pk")


def officer_of(world: World) -> User:
    """Whoever is in charge of personal information."""
    found = User.objects.filter(username="hy-security").first()
    return found or make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN)


def recorded(world: World, kind: RequestKind) -> PersonRequest:
    return actions.record_request(
        cover_of(world).beneficiary, kind=kind, asker=Asker.SELF, identity_check=IdentityCheck.DOCUMENT, text="本人到场",
        received_on=timezone.localdate(), by=world.clerk, at=timezone.now(),
    )


@sample("papers.write_wording")
def write_wording(world: World, token: Token) -> Run:
    own = covered(world, token)
    return lambda: worded(own)


@sample("papers.print_certificate")
def print_certificate(world: World, token: Token) -> Run:
    cover = cover_of(covered(world, token))
    return lambda: actions.print_certificate(fresh(cover), purpose=PURPOSE, by=world.clerk, at=timezone.now())


@sample("papers.ask_printing")
def ask_printing(world: World, token: Token) -> Run:
    own = covered(world, token)
    return lambda: asked(own)


@sample("papers.approve_printing")
def approve_printing(world: World, token: Token) -> Run:
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    printing = asked(covered(world, token))
    return lambda: actions.approve_printing(fresh(printing), by=world.reviewer, at=timezone.now())


@sample("papers.decline_printing")
def decline_printing(world: World, token: Token) -> Run:
    printing = asked(covered(world, token))
    return lambda: actions.decline_printing(fresh(printing), reason="范围过大", by=world.reviewer, at=timezone.now())


@sample("papers.cancel_printing")
def cancel_printing(world: World, token: Token) -> Run:
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    printing = asked(covered(world, token))
    actions.approve_printing(printing, by=world.reviewer, at=timezone.now())
    return lambda: actions.cancel_printing(fresh(printing), by=world.clerk, at=timezone.now())


@sample("papers.open_printing")
def open_printing(world: World, token: Token) -> Run:
    printing = written(world, token)
    return lambda: actions.open_printing(fresh(printing), by=world.clerk, at=timezone.now())


@sample("papers.purge_printings")
def purge_printings(world: World, token: Token) -> Run:
    Printing.objects.filter(purged_at=None).update(purge_on=None, folder="")
    written(world, token)
    return lambda: actions.purge_printings(at=timezone.now() + timedelta(days=8))


def written(world: World, token: Token) -> Printing:
    printing = asked(covered(world, token))
    actions.approve_printing(printing, by=world.reviewer, at=timezone.now())
    drain()
    return printing


@sample("papers.record_request")
def record_request(world: World, token: Token) -> Run:
    own = covered(world, token)
    return lambda: recorded(own, RequestKind.ACCESS)


@sample("papers.grant_request")
def grant_request(world: World, token: Token) -> Run:
    request, by = recorded(covered(world, token), RequestKind.DELETION), officer_of(world)
    return lambda: actions.grant_request(fresh(request), answer="已办理", by=by, at=timezone.now())


@sample("papers.decline_request")
def decline_request(world: World, token: Token) -> Run:
    request, by = recorded(covered(world, token), RequestKind.CORRECTION), officer_of(world)
    return lambda: actions.decline_request(fresh(request), answer="与证件一致", by=by, at=timezone.now())


@sample("papers.withdraw_request")
def withdraw_request(world: World, token: Token) -> Run:
    request = recorded(covered(world, token), RequestKind.ACCESS)
    return lambda: actions.withdraw_request(fresh(request), by=world.clerk, at=timezone.now())


@sample("papers.open_copy")
def open_copy(world: World, token: Token) -> Run:
    request = gathered(world, token)
    return lambda: actions.open_copy(fresh(request), by=world.clerk, at=timezone.now())


@sample("papers.purge_copies")
def purge_copies(world: World, token: Token) -> Run:
    PersonRequest.objects.filter(purged_at=None).exclude(storage_key="").update(purged_at=timezone.now())
    gathered(world, token)
    return lambda: actions.purge_copies(at=timezone.now() + timedelta(days=8))


def gathered(world: World, token: Token) -> PersonRequest:
    request = recorded(covered(world, token), RequestKind.ACCESS)
    actions.grant_request(request, answer="已办理", by=officer_of(world), at=timezone.now())
    drain()
    return request
