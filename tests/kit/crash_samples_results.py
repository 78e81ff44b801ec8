"""Sample runs of actions with reports of payouts: each in a program of its own."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from django.utils import timezone

from beneficiaries.testing import World
from intake.held import Choice
from results import actions
from results.actions import DESK
from results.models import LineDecision, Report
from results.testing import Payouts, checked, line, payouts_of
from tests.kit.crash_samples import Run, fresh, sample
from tests.kit.crashes import Token


def held(world: World, token: Token) -> tuple[Payouts, Report]:
    """A report of two lines about one person, one of them held; its totals are not the insurer's."""
    own = payouts_of(world, code=token.letters.upper(), people=1)
    lines = [line(own, 0, f"C{token.digits}", paid="10.00"), line(own, 0, f"D{token.digits}", name="赵六")]
    return own, checked(own, lines, reference=token.letters, control_amount=Decimal("11.00"))


@sample("results.decide_lines")
def decide_lines(world: World, token: Token) -> Run:
    own, report = held(world, token)
    return lambda: actions.decide_lines(
        fresh(report), choice=Choice(), kind=LineDecision.ACCEPT, reason="已与保司核实", by=own.clerk, at=timezone.now()
    )


@sample("results.confirm_totals")
def confirm_totals(world: World, token: Token) -> Run:
    own, report = held(world, token)
    report = DESK.submit(report, by=own.clerk, at=timezone.now())
    return partial(
        actions.confirm_totals, fresh(report), digest=report.digest, reason="已与保司核对", by=own.reviewer, at=timezone.now()
    )
