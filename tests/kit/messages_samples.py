"""Sample runs of the actions of `outreach` for the crash sweep."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from beneficiaries.testing import World, applied, people
from jobs.models import Job
from jobs.testing import drain
from outreach import actions
from outreach.models import MessageWording, NameForm, Sending, Topic
from outreach.testing import HOTLINE, PAYING, TEXT, drafter, proposed, worded
from programs.testing import make_budget, make_period, make_plan, make_program
from tests.kit.crash_samples import D, Run, fresh, sample
from tests.kit.crashes import Token


def waiting(world: World, token: Token) -> World:
    """A program of its own with two people who are to pay; one has no telephone."""
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    program = make_program(token.capitals, organization=world.city, insurer=world.insurer)
    plan = make_plan(
        program, foundation=world.foundation, maker=world.finance_maker, checker=world.finance_checker, at=timezone.now(), **PAYING
    )
    period = make_period(plan, year=2031, by=world.finance_checker, at=timezone.now(), enrollment_opens_on=date(2020, 1, 1))
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=period, granted=D("1000.00"), maker=world.finance_maker, checker=world.finance_checker,
            at=timezone.now(),
        )
    own = World(**{**vars(world), "program": program, "plan": plan, "period": period})
    # Other people each time: a second roster would change what is known of their telephones.
    number = int("".join(str(ord(letter) - ord("a")) for letter in token.letters[2:])) % 499 * 40_320
    (called,), (quiet,) = people(1, first=number), people(1, first=number + 1, phone="")
    # In places of their own: within one, the order of a list is that of the enrollments, which differs from run to run.
    called[5], quiet[5] = "441602001", "441602001001"
    applied(own, [called, quiet])
    return own


def drafted(world: World) -> MessageWording:
    return actions.draft_message(
        world.program, topic=Topic.TO_PAY, signature="源城民政", text=TEXT, name_form=NameForm.MASKED, hotline=HOTLINE,
        by=drafter(world), at=timezone.now(),
    )


def worded_and_waiting(world: World, token: Token) -> World:
    own = waiting(world, token)
    drafter(own)
    worded(own)
    return own


def written(world: World, token: Token) -> Sending:
    own = worded_and_waiting(world, token)
    sending = proposed(own)
    actions.release_sending(sending, shown=2, by=own.reviewer, at=timezone.now())
    drain()
    return fresh(sending)


@sample("outreach.draft_message")
def draft_message(world: World, token: Token) -> Run:
    own = waiting(world, token)
    drafter(own)
    return lambda: drafted(own)


@sample("outreach.approve_message")
def approve_message(world: World, token: Token) -> Run:
    own = worded_and_waiting(world, token)
    wording = drafted(own)
    return lambda: actions.approve_message(fresh(wording), by=own.reviewer, at=timezone.now())


@sample("outreach.decline_message")
def decline_message(world: World, token: Token) -> Run:
    own = waiting(world, token)
    wording = drafted(own)
    return lambda: actions.decline_message(fresh(wording), reason="太长", by=own.reviewer, at=timezone.now())


@sample("outreach.propose_sending")
def propose_sending(world: World, token: Token) -> Run:
    own = worded_and_waiting(world, token)
    return lambda: proposed(own)


@sample("outreach.release_sending")
def release_sending(world: World, token: Token) -> Run:
    own = worded_and_waiting(world, token)
    sending = proposed(own)
    return lambda: actions.release_sending(fresh(sending), shown=2, by=own.reviewer, at=timezone.now())


@sample("outreach.withdraw_sending")
def withdraw_sending(world: World, token: Token) -> Run:
    sending = written(world, token)
    return lambda: actions.withdraw_sending(fresh(sending), reason="内容有误", by=world.reviewer, at=timezone.now())


@sample("outreach.open_messages")
def open_messages(world: World, token: Token) -> Run:
    sending = written(world, token)
    return lambda: actions.open_messages(fresh(sending), by=world.clerk, at=timezone.now())


@sample("outreach.print_villages")
def print_villages(world: World, token: Token) -> Run:
    sending = written(world, token)
    return lambda: actions.print_villages(fresh(sending), by=world.clerk, at=timezone.now())


@sample("outreach.purge_sendings")
def purge_sendings(world: World, token: Token) -> Run:
    Sending.objects.filter(purged_at=None).exclude(folder="").update(purged_at=timezone.now())
    written(world, token)
    return lambda: actions.purge_sendings(at=timezone.now() + timedelta(days=8))

