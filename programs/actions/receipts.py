"""Own shares that came in: what persons owe becomes money received."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models

from audit.faults import fault_point
from programs.actions.ledger import Leg, post
from programs.models import LedgerTransaction
from programs.models.ledger import AccountKind


def receive_own(
    source: models.Model, amount: Decimal, *, program_id: int, people: int, by: Any, at: datetime
) -> LedgerTransaction | None:
    """Book own shares of so many people as received, in the caller's transaction; None when they owe nothing.

    An undo takes what a person owed out of the books: whoever had paid is then owed the same amount, until it is refunded.
    """
    if not amount:
        return None
    fault_point("programs.receive_own.before")
    booked = post(
        LedgerTransaction.Kind.RECEIPT,
        [Leg(AccountKind.OWN_RECEIVED, amount), Leg(AccountKind.PERSON_RECEIVABLE, -amount)],
        program_id=program_id, source=source, memo=str(people), by=by, at=at,
    )
    fault_point("programs.receive_own.after")
    return booked
