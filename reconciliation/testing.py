"""Books of claims for tests: what is owed is booked, as decisions leave it."""

from __future__ import annotations

from claims.models import Payable
from payouts.testing import Till
from programs.actions import Leg, post
from programs.models import LedgerTransaction
from programs.models.ledger import AccountKind


def owe_booked(till: Till, *amounts: str) -> list[Payable]:
    """Decided, booked and not paid yet: a till's amounts owed with the postings of their decisions."""
    owed = till.owe(*amounts)
    for each in owed:
        post(
            LedgerTransaction.Kind.CLAIM,
            [Leg(AccountKind.CLAIMS_INCURRED, each.amount), Leg(AccountKind.CLAIMS_PAYABLE, -each.amount)],
            program_id=each.program_id, source=each.decision, memo=each.claim.number, by=till.world.reviewer,
            at=each.decision.decided_at,
        )
    return owed
