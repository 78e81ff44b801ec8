"""Sample runs of hand-overs to the insurer and their receipts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from beneficiaries.testing import World, applied, people
from handover import actions as handover
from handover.models import HandOver, InsurerFormat, Invoice
from handover.testing import (
    PASSWORD,
    TERMS,
    agreed,
    answered,
    drafted,
    format_in_use,
    invoiced,
    numbers_of,
    proposed,
    remitted,
    terms,
)
from jobs.models import Job
from jobs.testing import drain
from programs.testing import make_budget, make_period, make_plan, make_program
from tests.kit.crash_samples import D, Run, checker_of, clerk_of, fresh, sample
from tests.kit.crashes import Token


def waiting(world: World, token: Token) -> World:
    """A program of its own with two people who wait for the insurer, and a format in use."""
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    program = make_program(token.capitals, organization=world.city, insurer=world.insurer)
    plan = make_plan(
        program, foundation=world.foundation, maker=world.finance_maker, checker=world.finance_checker, at=timezone.now(), **TERMS
    )
    period = make_period(plan, year=2031, by=world.finance_checker, at=timezone.now(), enrollment_opens_on=date(2020, 1, 1))
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=period, granted=D("1000.00"), maker=world.finance_maker, checker=world.finance_checker,
            at=timezone.now(),
        )
    own = World(**{**vars(world), "program": program, "plan": plan, "period": period})
    applied(own, people(2))
    if not InsurerFormat.objects.filter(state="approved").exists():
        format_in_use(own)
    return own


def told(world: World, token: Token) -> tuple[World, HandOver]:
    """Released, its file written."""
    own = waiting(world, token)
    hand_over = handover.release_handover(proposed(own), shown=2, **checker_of(own))
    drain()
    return own, fresh(hand_over)


@sample("handover.draft_format")
def draft_format(world: World, token: Token) -> Run:
    return lambda: drafted(world, name=token.letters)


@sample("handover.change_format")
def change_format(world: World, token: Token) -> Run:
    draft = drafted(world, name=token.letters)
    return lambda: handover.change_format(fresh(draft), terms=terms(dates="%Y/%m/%d"), **clerk_of(world))


@sample("handover.approve_format")
def approve_format(world: World, token: Token) -> Run:
    format_in_use(world, name=token.letters)
    draft = drafted(world, name=token.letters)
    return lambda: handover.approve_format(fresh(draft), **checker_of(world))


@sample("handover.retire_format")
def retire_format(world: World, token: Token) -> Run:
    kept = format_in_use(world, name=token.letters)
    return lambda: handover.retire_format(fresh(kept), **checker_of(world))


@sample("handover.propose_handover")
def propose_handover(world: World, token: Token) -> Run:
    own = waiting(world, token)
    return lambda: proposed(own)


@sample("handover.release_handover")
def release_handover(world: World, token: Token) -> Run:
    draft = proposed(waiting(world, token))
    return lambda: handover.release_handover(fresh(draft), shown=2, **checker_of(world))


@sample("handover.withdraw_handover")
def withdraw_handover(world: World, token: Token) -> Run:
    _own, hand_over = told(world, token)
    return lambda: handover.withdraw_handover(fresh(hand_over), reason="收件人写错", **checker_of(world))


@sample("handover.open_handover")
def open_handover(world: World, token: Token) -> Run:
    _own, hand_over = told(world, token)
    return lambda: list(handover.open_handover(fresh(hand_over), password=PASSWORD, **clerk_of(world)))


@sample("handover.purge_handovers")
def purge_handovers(world: World, token: Token) -> Run:
    HandOver.objects.filter(purged_at=None, written_at__isnull=False).update(purged_at=timezone.now())
    told(world, token)
    return lambda: handover.purge_handovers(at=timezone.now() + timedelta(days=8))


def charged(world: World, token: Token, *, amount: str = "99.00") -> tuple[World, Invoice]:
    """Two people accepted, one of them charged."""
    own, hand_over = told(world, token)
    one, two = numbers_of(hand_over)
    answered(own, hand_over, [(one, "Y", f"PA{token.digits}1", ""), (two, "Y", f"PA{token.digits}2", "")])
    return own, invoiced(own, [(one, "", amount)], number=f"FP{token.letters}")


def maker_of(world: World, **given: Any) -> dict[str, Any]:
    """Who makes, of finance."""
    return {"by": world.finance_maker, "at": timezone.now(), **given}


def finance_checker_of(world: World) -> dict[str, Any]:
    """Who checks, of finance."""
    return {"by": world.finance_checker, "at": timezone.now()}


@sample("handover.pay_ours")
def pay_ours(world: World, token: Token) -> Run:
    own, invoice = charged(world, token, amount="99.50")
    return lambda: handover.pay_ours(fresh(invoice), reason="按备案费率", **maker_of(own))


def to_remit(world: World, token: Token) -> tuple[World, Invoice]:
    """Agreed."""
    own, invoice = charged(world, token)
    return own, agreed(own, invoice)


@sample("handover.prepare_remittance")
def prepare_remittance(world: World, token: Token) -> Run:
    own, invoice = to_remit(world, token)
    return lambda: handover.prepare_remittance([invoice], **maker_of(own))


@sample("handover.approve_remittance")
def approve_remittance(world: World, token: Token) -> Run:
    own, invoice = to_remit(world, token)
    remittance = handover.prepare_remittance([invoice], **maker_of(own))
    return lambda: handover.approve_remittance(fresh(remittance), **finance_checker_of(own))


@sample("handover.confirm_paid")
def confirm_paid(world: World, token: Token) -> Run:
    own, invoice = to_remit(world, token)
    remittance = remitted(own, invoice)
    return lambda: handover.confirm_paid(
        fresh(remittance), **maker_of(own, reference=f"YH{token.letters}", paid_on=timezone.localdate())
    )


@sample("handover.record_failure")
def record_failure(world: World, token: Token) -> Run:
    own, invoice = to_remit(world, token)
    remittance = remitted(own, invoice)
    return lambda: handover.record_failure(fresh(remittance), reason="账号已变更", **maker_of(own))


@sample("handover.withdraw_remittance")
def withdraw_remittance(world: World, token: Token) -> Run:
    own, invoice = to_remit(world, token)
    remittance = handover.prepare_remittance([invoice], **maker_of(own))
    return lambda: handover.withdraw_remittance(fresh(remittance), reason="下月一并", **maker_of(own))


@sample("handover.decline_remittance")
def decline_remittance(world: World, token: Token) -> Run:
    own, invoice = to_remit(world, token)
    remittance = handover.prepare_remittance([invoice], **maker_of(own))
    return lambda: handover.decline_remittance(fresh(remittance), reason="下月一并", **finance_checker_of(own))
