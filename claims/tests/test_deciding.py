"""From a report to a decision that is owed: calculated by the engine, signed by others, used, owed and booked at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from claims import actions
from claims.models import Claim
from claims.testing import make_ward

D = Decimal
pytestmark = pytest.mark.django_db


def test_a_claim_goes_from_its_report_to_paid() -> None:
    ward = make_ward()
    claim = ward.claim()
    decision = ward.decide(claim)
    assert (decision.state, decision.outcome, decision.proposed, decision.amount) == ("approved", "pay", D("31500.00"), D("31500.00"))
    ward.pay(claim)
    claim = Claim.objects.get(pk=claim.pk)
    assert (claim.state, claim.amount, claim.settlement) == ("paid", D("31500.00"), 1)
    actions.close_claim(claim, by=ward.clerk, at=ward.at)
    assert [step.to_state for step in claim.steps.all()] == [
        "reported", "accepted", "registered", "review", "assessed", "payable", "paid", "closed",
    ]
