"""Sample runs of actions with employers' bills: each in a program of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pgtrigger
from django.utils import timezone

from beneficiaries.models import Roster
from beneficiaries.testing import World, applied, employer_of, people
from gates import actions
from gates.models import BillPayment, EmployerBill
from programs.testing import make_budget, make_period, make_plan, make_program
from tests.kit.crash_funds import checker, maker
from tests.kit.crash_samples import D, Run, fresh, sample
from tests.kit.crashes import Token


def employed(world: World, token: Token) -> World:
    """A program of its own whose plan asks for nothing but the own payment."""
    program = make_program(token.capitals, organization=world.city, insurer=world.insurer)
    plan = make_plan(
        program, foundation=world.foundation, maker=world.finance_maker, checker=world.finance_checker, at=timezone.now(),
        requires_own_payment=True,
    )
    period = make_period(plan, year=2031, by=world.finance_checker, at=timezone.now(), enrollment_opens_on=date(2020, 1, 1))
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=period, granted=D("1000.00"), maker=world.finance_maker, checker=world.finance_checker,
            at=timezone.now(),
        )
    return World(**{**vars(world), "program": program, "plan": plan, "period": period})


def billed(world: World, token: Token) -> EmployerBill:
    """The bill of two people."""
    own = employed(world, token)
    applied(own, people(2), employer=employer_of(own))
    return EmployerBill.objects.get(program=own.program)


def paid(world: World, token: Token, bill: EmployerBill) -> BillPayment:
    """Recorded, and to be confirmed."""
    return actions.record_bill_payment(
        bill, reference=token.letters, paid_on=timezone.localdate(), amount=D("0.02"), **maker(world)
    )


@sample("gates.draw_up_bill")
def draw_up_bill(world: World, token: Token) -> Run:
    own = employed(world, token)
    roster = applied(own, people(2), employer=employer_of(own))
    bill = EmployerBill.objects.get(roster=roster)
    # As if it had not been drawn up with the roster.
    with_no_bill(bill)
    return lambda: actions.draw_up_bill(Roster.objects.get(pk=roster.pk), at=timezone.now())


def with_no_bill(bill: EmployerBill) -> None:
    """Its event stays: nothing takes events away."""
    with pgtrigger.ignore("gates.EmployerBill:bill_append_only"):
        bill.delete()


@sample("gates.record_bill_payment")
def record_bill_payment(world: World, token: Token) -> Run:
    bill = billed(world, token)
    return lambda: paid(world, token, bill)


@sample("gates.confirm_bill_payment")
def confirm_bill_payment(world: World, token: Token) -> Run:
    payment = paid(world, token, billed(world, token))
    return lambda: actions.confirm_bill_payment(fresh(payment), **checker(world))


@sample("gates.decline_bill_payment")
def decline_bill_payment(world: World, token: Token) -> Run:
    payment = paid(world, token, billed(world, token))
    return lambda: actions.decline_bill_payment(fresh(payment), reason="银行无此笔", **checker(world))


@sample("gates.record_bill_printing")
def record_bill_printing(world: World, token: Token) -> Run:
    bill = billed(world, token)
    values: dict[str, Any] = maker(world)
    return lambda: actions.record_bill_printing(fresh(bill), **values)
