"""What has been paid of a period's claims: each room that settles or records payouts tells its own sum; none is known here."""

from __future__ import annotations

from decimal import Decimal

from django.db import connection

_sums: list[str] = []


def register_claims_paid(statement: str) -> None:
    """Called at start by each room that knows of payouts.

    `statement`: SQL of one value over a period's id %(period)s: yuan, null where the room knows of no claim of the period.
    """
    if "%(period)s" not in statement:
        raise ValueError("the statement names its period as %(period)s")
    if statement not in _sums:
        _sums.append(statement)


def claims_paid(period_id: int) -> Decimal | None:
    """Yuan, over all rooms; None where none knows of a claim, which is not zero."""
    known: list[Decimal] = []
    with connection.cursor() as cursor:
        for statement in _sums:
            cursor.execute(statement, {"period": period_id})
            (amount,) = cursor.fetchone()
            if amount is not None:
                known.append(Decimal(amount))
    return sum(known, Decimal("0.00")) if known else None
