"""Sample runs of actions with funders' money: each in a program of its own, whose covers are in force."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from beneficiaries.actions import approve_change, propose_ending
from beneficiaries.models import Enrollment
from beneficiaries.models.roster import EndReason
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, applied, people
from gates.testing import paid
from programs.testing import make_budget, make_funder, make_period, make_plan, make_program
from subsidies import actions
from subsidies.models import Differences
from subsidies.models.request import Verdict
from subsidies.testing import D, made, receipt, sent, submitted
from tests.kit.crash_samples import Run, fresh, noticed, sample
from tests.kit.crashes import Token


def funded(world: World, token: Token, *, names: int = 2) -> World:
    """A program of its own with a period, budgets, and people in force."""
    # A funder of its own: it would be asked twice for the same people.
    foundation = make_funder(f"基金会{token.letters}", organization=world.foundation_org)
    program = make_program(token.capitals, organization=world.city, insurer=world.insurer)
    plan = make_plan(
        program, foundation=foundation, maker=world.finance_maker, checker=world.finance_checker, at=timezone.now()
    )
    period = make_period(plan, year=2031, by=world.finance_checker, at=timezone.now(), enrollment_opens_on=date(2020, 1, 1))
    for funder in (foundation, world.county):
        make_budget(
            funder, period=period, granted=D("1000.00"), maker=world.finance_maker, checker=world.finance_checker,
            at=timezone.now(),
        )
    own = World(**{**vars(world), "program": program, "plan": plan, "period": period, "foundation": foundation})
    # People of its own, too, of the same ages: paid for by two funders at a time, they would be in doubt.
    applied(own, people(names, first=40_320 * token.number))
    return own


def maker(world: World, **given: Any) -> dict[str, Any]:
    """Who makes."""
    return {"by": world.finance_maker, "at": timezone.now(), **given}


def checker(world: World, **given: Any) -> dict[str, Any]:
    """Who checks."""
    return {"by": world.finance_checker, "at": timezone.now(), **given}


def let_end(world: World) -> None:
    """The first cover of the program ends before it begins, by a change of its person."""
    cover = Enrollment.objects.select_related("beneficiary__person").filter(program=world.program).earliest("pk")
    change = propose_ending(
        cover.beneficiary, end_reason=EndReason.LEFT, ended_on=timezone.localdate(), reason="已迁往外市", by=world.clerk,
        at=timezone.now(),
    )
    approve_change(change, shown=digest_of(change), by=world.reviewer, at=timezone.now())


@sample("subsidies.make_request")
def make_request(world: World, token: Token) -> Run:
    own = funded(world, token)
    return lambda: made(own)


@sample("subsidies.decide_doubts")
def decide_doubts(world: World, token: Token) -> Run:
    request = made(funded(world, token))
    request.lines.update(doubt="overlaps")
    return lambda: actions.decide_doubts(
        request.lines.all(), request=fresh(request), verdict=Verdict.LEFT_OUT, reason="外县已资助", **maker(world)
    )


@sample("subsidies.take_up_again")
def take_up_again(world: World, token: Token) -> Run:
    own = funded(world, token)
    request = made(own)
    request.lines.filter(pk=request.lines.earliest("pk").pk).update(doubt="overlaps")
    actions.decide_doubts(request.lines.all(), request=request, verdict=Verdict.LEFT_OUT, reason="外县已资助", **maker(world))
    request = actions.submit_request(request, **maker(world))
    actions.approve_request(request, digest=request.digest, **checker(world))
    return lambda: actions.take_up_again(request.lines.all(), request=fresh(request), reason="外县已退出", **maker(world))


@sample("subsidies.submit_request")
def submit_request(world: World, token: Token) -> Run:
    request = made(funded(world, token))
    return lambda: actions.submit_request(fresh(request), **maker(world))


@sample("subsidies.approve_request")
def approve_request(world: World, token: Token) -> Run:
    own = funded(world, token)
    held = receipt(own, "100.00", reference=token.letters)
    actions.confirm_movement(held, **checker(world))
    request = submitted(own)
    return lambda: actions.approve_request(fresh(request), digest=request.digest, **checker(world))


@sample("subsidies.approve_request#below_zero")
def approve_below_zero(world: World, token: Token) -> Run:
    own = funded(world, token)
    sent(own)
    let_end(own)
    found = actions.make_differences(own.period, **maker(world))
    actions.approve_differences(found, digest=found.digest, **checker(world))
    request = submitted(own)
    return lambda: actions.approve_request(fresh(request), digest=request.digest, **checker(world))


@sample("subsidies.withdraw_request")
def withdraw_request(world: World, token: Token) -> Run:
    request = sent(funded(world, token))
    return lambda: actions.withdraw_request(fresh(request), reason="口径有误", **checker(world))


@sample("subsidies.record_printing")
def record_printing(world: World, token: Token) -> Run:
    request = sent(funded(world, token))
    return lambda: actions.record_printing(fresh(request), **maker(world))


@sample("subsidies.record_receipt")
def record_receipt(world: World, token: Token) -> Run:
    own = funded(world, token)
    sent(own)
    return lambda: receipt(own, "100.00", reference=token.letters)


@sample("subsidies.confirm_movement")
def confirm_receipt(world: World, token: Token) -> Run:
    own = funded(world, token)
    sent(own)
    movement = receipt(own, "200.00", reference=token.letters)
    return lambda: actions.confirm_movement(fresh(movement), **checker(world))


@sample("subsidies.confirm_movement#write_off")
def confirm_write_off(world: World, token: Token) -> Run:
    request = sent(funded(world, token))
    movement = actions.record_write_off(request, amount=D("10.00"), reason="不再拨付", **maker(world))
    return lambda: actions.confirm_movement(fresh(movement), **checker(world))


@sample("subsidies.confirm_movement#reversal")
def confirm_reversal(world: World, token: Token) -> Run:
    own = funded(world, token)
    sent(own)
    wrong = actions.confirm_movement(receipt(own, "200.00", reference=token.letters), **checker(world))
    movement = actions.record_reversal(wrong, reason="录错", **maker(world))
    return lambda: actions.confirm_movement(fresh(movement), **checker(world))


@sample("subsidies.confirm_movement#reversal_of_a_write_off")
def confirm_reversal_of_a_write_off(world: World, token: Token) -> Run:
    request = sent(funded(world, token))
    wrong = actions.record_write_off(request, amount=D("10.00"), reason="不再拨付", **maker(world))
    wrong = actions.confirm_movement(wrong, **checker(world))
    movement = actions.record_reversal(wrong, reason="录错", **maker(world))
    return lambda: actions.confirm_movement(fresh(movement), **checker(world))


@sample("subsidies.decline_movement")
def decline_movement(world: World, token: Token) -> Run:
    movement = receipt(funded(world, token), "1.00", reference=token.letters)
    return lambda: actions.decline_movement(fresh(movement), reason="查无此款", **checker(world))


@sample("subsidies.record_write_off")
def record_write_off(world: World, token: Token) -> Run:
    request = sent(funded(world, token))
    return lambda: actions.record_write_off(fresh(request), amount=D("10.00"), reason="不再拨付", **maker(world))


@sample("subsidies.record_payback")
def record_payback(world: World, token: Token) -> Run:
    own = funded(world, token)
    actions.confirm_movement(receipt(own, "50.00", reference=token.letters), **checker(world))
    return lambda: actions.record_payback(
        own.foundation, program=own.program, amount=D("50.00"), reference=f"{token.letters}b", paid_on=timezone.localdate(),
        **maker(world),
    )


@sample("subsidies.record_reversal")
def record_reversal(world: World, token: Token) -> Run:
    wrong = actions.confirm_movement(receipt(funded(world, token), "50.00", reference=token.letters), **checker(world))
    return lambda: actions.record_reversal(fresh(wrong), reason="录错", **maker(world))


def given_up(world: World, token: Token) -> tuple[World, Differences]:
    """A cover that ended before it began, on a list that waits."""
    own = noticed(world, token)
    paid(own, Enrollment.objects.filter(program=own.program), amount=D("0.02"), reference=f"{token.letters}p")
    let_end(own)
    return own, actions.make_differences(own.period, **maker(world))


@sample("subsidies.make_differences")
def make_differences(world: World, token: Token) -> Run:
    own = funded(world, token)
    let_end(own)
    return lambda: actions.make_differences(own.period, **maker(world))


@sample("subsidies.name_elsewhere")
def name_elsewhere(world: World, token: Token) -> Run:
    own = funded(world, token)
    cover = Enrollment.objects.select_related("program", "period").filter(program=own.program).earliest("pk")
    return lambda: actions.name_elsewhere(
        own.period, funder=own.foundation, numbers=[cover.number], reason="外县已资助", **maker(world)
    )


@sample("subsidies.approve_differences")
def approve_differences(world: World, token: Token) -> Run:
    _own, found = given_up(world, token)
    return lambda: actions.approve_differences(fresh(found), digest=found.digest, **checker(world))


@sample("subsidies.withdraw_differences")
def withdraw_differences(world: World, token: Token) -> Run:
    _own, found = given_up(world, token)
    return lambda: actions.withdraw_differences(fresh(found), **maker(world))


@sample("subsidies.record_own_refund")
def record_own_refund(world: World, token: Token) -> Run:
    _own, found = given_up(world, token)
    found = actions.approve_differences(found, digest=found.digest, **checker(world))
    return lambda: actions.record_own_refund(
        fresh(found), amount=found.refund_amount, reference=token.letters, paid_on=timezone.localdate(), **maker(world)
    )
