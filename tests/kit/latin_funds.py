"""Funds of the Latin world: a request, a movement and a list of differences in each state that has a page of its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.utils import timezone

from accounts.models import User
from beneficiaries.models import Enrollment
from programs.models import Funder, Period, Program
from subsidies import actions
from subsidies.models import FundMovement, FundRequest

REASON = "Zqreason zqgiven"


class Latin(Protocol):
    """What of the world is needed."""

    at: datetime
    program: Program
    period: Period
    users: dict[str, User]


def make_latin_funds(world: Latin) -> None:
    """Sent and partly paid, settled, withdrawn, submitted, a draft with a doubt; movements and differences of every state."""
    maker, checker = world.users["city finance_maker"], world.users["city finance_checker"]
    foundation, treasury = Funder.objects.get(name="Zqfoundation"), Funder.objects.get(name="Zqtreasury")
    made: dict[str, Any] = {"by": maker, "at": timezone.now()}
    checked: dict[str, Any] = {"by": checker, "at": timezone.now()}

    def request(funder: Funder) -> FundRequest:
        return actions.make_request(funder, period=world.period, cut_on=timezone.localdate(), **made)

    def sent(funder: Funder) -> FundRequest:
        found = actions.submit_request(request(funder), **made)
        return actions.approve_request(found, digest=found.digest, **checked)

    def receipt(funder: Funder, amount: Decimal, reference: str, **changes: Any) -> FundMovement:
        return actions.record_receipt(
            funder, program=world.program, amount=amount, reference=reference, received_on=timezone.localdate(), **made, **changes
        )

    actions.withdraw_request(request(foundation), reason=REASON, **made)
    first, settled = sent(foundation), sent(treasury)
    actions.confirm_movement(receipt(treasury, settled.amount, "ZQ-1"), **checked)
    wrong = actions.confirm_movement(receipt(foundation, Decimal("1.00"), "ZQ-2", request=first), **checked)
    actions.confirm_movement(actions.record_reversal(wrong, reason=REASON, **made), **checked)
    actions.decline_movement(receipt(foundation, Decimal("2.00"), "ZQ-3"), reason=REASON, **checked)
    actions.record_write_off(FundRequest.objects.get(pk=first.pk), amount=Decimal("3.00"), reason=REASON, **made)
    actions.withdraw_differences(actions.make_differences(world.period, **made), **made)
    found = actions.make_differences(world.period, **made)
    actions.approve_differences(found, digest=found.digest, **checked)
    cover = Enrollment.objects.select_related("program", "period").filter(state="in_force").latest("pk")
    actions.name_elsewhere(world.period, funder=foundation, numbers=[cover.number], reason=REASON, **made)
    actions.submit_request(request(treasury), **made)
    request(foundation).lines.update(doubt="overlaps")
