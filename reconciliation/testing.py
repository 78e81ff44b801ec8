"""Books of claims for tests: what is owed is booked, as decisions leave it."""

from __future__ import annotations

from django.utils import timezone

from claims.models import Payable
from jobs.testing import drain
from payouts import actions
from payouts.models import Batch
from payouts.testing import Till, downloaded, make_till
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
            at=each.decision.decided_at or each.made_at,
        )
    return owed


def sent_booked(*amounts: str) -> tuple[Till, Batch]:
    """Owed and booked, in one batch that has left: the maker has downloaded it."""
    till = make_till()
    owe_booked(till, *amounts)
    actions.release_batch(till.authorized(till.prepare()), by=till.maker, at=timezone.now())
    drain()
    batch = Batch.objects.latest("pk")
    downloaded(till, batch)
    return till, batch
