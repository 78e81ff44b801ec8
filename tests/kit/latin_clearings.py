"""Clearings of the Latin world: one in each state that has a page of its own."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import User
from gates import actions
from gates.models import HeldPayment, OwnPayment, Statement

REASON = "Zqreason zqgiven"


def make_latin_clearings(statement: Statement, users: dict[str, User]) -> None:
    """Dropped, at the bank, done with a line put back, a reversal that waits; one line of the statement stays held."""
    maker, checker = users["city finance_maker"], users["city finance_checker"]
    made: dict[str, Any] = {"by": maker, "at": timezone.now()}
    held = list(HeldPayment.objects.filter(statement=statement).order_by("pk").values_list("pk", flat=True))

    def listed(*places: int) -> Any:
        chosen = HeldPayment.objects.filter(pk__in=[held[place] for place in places])
        return actions.propose_return(chosen, reason=REASON, **made)

    def approved(*places: int) -> Any:
        found = listed(*places)
        return actions.approve_clearing(found, digest=found.digest, by=checker, at=timezone.now())

    actions.drop_clearing(listed(0), reason=REASON, **made)
    approved(0)
    told = approved(1, 2)
    actions.record_returned(told, numbers="1", reference="ZQ-BANK", returned_on=timezone.localdate(), **made)
    actions.record_not_returned(told, numbers="2", reason=REASON, **made)
    listed(3)
    actions.propose_reversal(OwnPayment.objects.get(reference="ZQ-PAY"), reason=REASON, **made)
