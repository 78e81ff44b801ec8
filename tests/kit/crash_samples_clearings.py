"""Sample runs of actions with held money and reversals: each in a program of its own."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from beneficiaries.actions import Payment
from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from beneficiaries.tests.purchasing import paid_market
from gates import actions
from gates.deciding import Choice
from gates.models import Arrival, Clearing, HeldPayment, LineDecision, OwnPayment, Uncollected
from gates.testing import approved_clearing, checked_statement, clearing_of, line_of, paid, taken_in
from tests.kit.crash_funds import maker
from tests.kit.crash_samples import D, Run, fresh, noticed, sample
from tests.kit.crashes import Token


def held(world: World, token: Token) -> tuple[World, Any]:
    """Two people who have only to pay, and two lines of a statement under other names than theirs."""
    own = noticed(world, token)
    covers = Enrollment.objects.filter(program=own.program).select_related("person", "program", "period").order_by("pk")
    lines = [line_of(cover, name="赵六", serial=f"{token.letters}{place}") for place, cover in enumerate(covers)]
    taken_in(own, lines, reference=token.letters)
    return own, HeldPayment.objects.filter(statement__program=own.program)


def reversible(world: World, token: Token) -> tuple[World, OwnPayment]:
    """A payment of two people."""
    own = noticed(world, token)
    return own, paid(own, Enrollment.objects.filter(program=own.program), amount=D("0.02"), reference=token.letters)


def at_the_bank(world: World, token: Token) -> Clearing:
    """A list of two lines that is to be given back."""
    own, lines = held(world, token)
    return approved_clearing(own, clearing_of(own, lines, "return"))


@sample("gates.decide_lines")
def decide_lines(world: World, token: Token) -> Run:
    own = noticed(world, token)
    covers = Enrollment.objects.filter(program=own.program).select_related("person", "program", "period").order_by("pk")
    lines = [line_of(cover, name="赵六", serial=f"{token.letters}{place}") for place, cover in enumerate(covers)]
    statement = checked_statement(own, lines, reference=token.letters)
    return lambda: actions.decide_lines(
        fresh(statement), choice=Choice(), kind=LineDecision.ACCEPT, reason="电话核实", **maker(own)
    )


@sample("gates.propose_assignment")
def propose_assignment(world: World, token: Token) -> Run:
    own, lines = held(world, token)
    return lambda: clearing_of(own, lines, "assign")


@sample("gates.propose_return")
def propose_return(world: World, token: Token) -> Run:
    own, lines = held(world, token)
    return lambda: clearing_of(own, lines, "return")


@sample("gates.propose_reversal")
def propose_reversal(world: World, token: Token) -> Run:
    own, payment = reversible(world, token)
    return lambda: clearing_of(own, fresh(payment), "reverse")


@sample("gates.approve_clearing")
def approve_assignment(world: World, token: Token) -> Run:
    own, lines = held(world, token)
    clearing = clearing_of(own, lines, "assign")
    return lambda: approved_clearing(own, fresh(clearing))


@sample("gates.approve_clearing#reversal")
def approve_reversal(world: World, token: Token) -> Run:
    own, payment = reversible(world, token)
    clearing = clearing_of(own, payment, "reverse")
    return lambda: approved_clearing(own, fresh(clearing))


@sample("gates.drop_clearing")
def drop_clearing(world: World, token: Token) -> Run:
    own, lines = held(world, token)
    clearing = clearing_of(own, lines, "return")
    return lambda: actions.drop_clearing(fresh(clearing), reason="先查明是谁的", **maker(own))


@sample("gates.record_returned")
def record_returned(world: World, token: Token) -> Run:
    clearing = at_the_bank(world, token)
    return lambda: actions.record_returned(
        fresh(clearing), numbers="1", reference=token.letters, returned_on=timezone.localdate(), **maker(world)
    )


@sample("gates.record_not_returned")
def record_not_returned(world: World, token: Token) -> Run:
    clearing = at_the_bank(world, token)
    return lambda: actions.record_not_returned(fresh(clearing), numbers="2", reason="账户已销户", **maker(world))


@sample("gates.open_returns")
def open_returns(world: World, token: Token) -> Run:
    clearing = at_the_bank(world, token)
    return lambda: actions.open_returns(fresh(clearing), password="Kx4q-9mZt-Wb7e", **maker(world))


def mistyped(world: World, token: Token) -> tuple[World, Enrollment]:
    """Somebody who paid when they were enrolled, and a line of a statement with their sum under another number; their cover."""
    market = paid_market(code=token.capitals, world=world)
    cover = market.enroll(reference=token.letters, payment=Payment(f"{token.letters}1", market.at, D("150.00")))
    own = World(**{**vars(world), "program": market.program, "plan": market.plan, "period": market.period})
    line = {"amount": "150.00", "paid_on": str(timezone.localdate()), "serial": f"{token.letters}2"}
    taken_in(own, [line], reference=token.letters)
    return own, cover


def matched(own: World, cover: Enrollment) -> Clearing:
    """The line put forward for the purchase of the cover."""
    return clearing_of(own, HeldPayment.objects.filter(statement__program=own.program), "match", number=cover.number)


@sample("gates.propose_match")
def propose_match(world: World, token: Token) -> Run:
    own, cover = mistyped(world, token)
    return lambda: matched(own, cover)


@sample("gates.approve_clearing#match")
def approve_match(world: World, token: Token) -> Run:
    own, cover = mistyped(world, token)
    clearing = matched(own, cover)
    return lambda: approved_clearing(own, fresh(clearing))


@sample("gates.propose_unmatch")
def propose_unmatch(world: World, token: Token) -> Run:
    own, cover = mistyped(world, token)
    approved_clearing(own, matched(own, cover))
    return lambda: clearing_of(own, Arrival.objects.filter(purchase=cover.purchase_id), "unmatch")


@sample("gates.approve_clearing#unmatch")
def approve_unmatch(world: World, token: Token) -> Run:
    own, cover = mistyped(world, token)
    approved_clearing(own, matched(own, cover))
    clearing = clearing_of(own, Arrival.objects.filter(purchase=cover.purchase_id), "unmatch")
    return lambda: approved_clearing(own, fresh(clearing))


@sample("gates.propose_giving_up")
def propose_giving_up(world: World, token: Token) -> Run:
    own, cover = mistyped(world, token)
    return lambda: clearing_of(own, Uncollected.objects.filter(pk=cover.purchase_id), "unpaid")


@sample("gates.approve_clearing#unpaid")
def approve_giving_up(world: World, token: Token) -> Run:
    own, cover = mistyped(world, token)
    clearing = clearing_of(own, Uncollected.objects.filter(pk=cover.purchase_id), "unpaid")
    return lambda: approved_clearing(own, fresh(clearing))
