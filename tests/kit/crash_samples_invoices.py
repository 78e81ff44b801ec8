"""Sample runs of invoices of one sum, and of what is decided about differences."""

from __future__ import annotations

from django.utils import timezone

from beneficiaries.testing import World
from handover import actions as handover
from handover.actions import Choice
from handover.models import Covers, DecisionKind, Invoice, Sides
from handover.testing import agreed, answered, numbers_of, recorded
from tests.kit.crash_samples import D, Run, fresh, sample
from tests.kit.crash_samples_handover import charged, maker_of, told
from tests.kit.crashes import Token


def accepted(world: World, token: Token) -> World:
    """Two people accepted, nobody charged."""
    own, hand_over = told(world, token)
    answered(own, hand_over, [(number, "Y", f"PA{token.digits}{at}", "") for at, number in enumerate(numbers_of(hand_over))])
    return own


@sample("handover.record_invoice")
def record_invoice(world: World, token: Token) -> Run:
    own = accepted(world, token)
    return lambda: handover.record_invoice(
        own.period, number=f"FP{token.letters}", issued_on=timezone.localdate(), amount=D("198.00"), covers=Covers.PERIOD,
        sides=Sides.ENTRIES, **maker_of(own),
    )


@sample("handover.decide_lines")
def decide_lines(world: World, token: Token) -> Run:
    own, invoice = charged(world, token, amount="99.50")
    return lambda: handover.decide_lines(
        fresh(invoice), choice=Choice(), kind=DecisionKind.ACCEPT, **maker_of(own, reason="按合同约定")
    )


@sample("handover.decide_sum")
def decide_sum(world: World, token: Token) -> Run:
    own = accepted(world, token)
    invoice = recorded(own, "200.00", number=f"FP{token.letters}")
    return lambda: handover.decide_sum(fresh(invoice), kind=DecisionKind.INSIST, **maker_of(own, reason="按合同约定"))


@sample("handover.write_objections")
def write_objections(world: World, token: Token) -> Run:
    own, invoice = charged(world, token, amount="99.50")
    handover.decide_lines(invoice, choice=Choice(), kind=DecisionKind.INSIST, **maker_of(own, reason="按合同约定"))
    invoice = agreed(own, Invoice.objects.get(pk=invoice.pk))
    return lambda: handover.write_objections(fresh(invoice), **maker_of(own))
