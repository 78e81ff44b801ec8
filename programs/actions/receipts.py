"""Own shares that came in: what persons owe becomes money received; and what came in for nobody, held until it has an end."""

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


def hold_own(
    source: models.Model, amount: Decimal, *, program_id: int, lines: int, by: Any, at: datetime
) -> LedgerTransaction | None:
    """Book money that came in and is nobody's own share, in the caller's transaction."""
    return _booked(
        LedgerTransaction.Kind.HELD, {AccountKind.OWN_RECEIVED: amount, AccountKind.OWN_HELD: -amount}, source,
        program_id=program_id, number=lines, by=by, at=at,
    )


def assign_held(
    source: models.Model, amount: Decimal, *, program_id: int, people: int, by: Any, at: datetime
) -> LedgerTransaction | None:
    """Book held money as the own shares of so many people, in the caller's transaction."""
    return _booked(
        LedgerTransaction.Kind.ASSIGN, {AccountKind.OWN_HELD: amount, AccountKind.PERSON_RECEIVABLE: -amount}, source,
        program_id=program_id, number=people, by=by, at=at,
    )


def count_held_once(
    source: models.Model, amount: Decimal, *, program_id: int, lines: int, by: Any, at: datetime
) -> LedgerTransaction | None:
    """Book held money as what was received with its purchases before, in the caller's transaction: it came in once."""
    return _booked(
        LedgerTransaction.Kind.ASSIGN, {AccountKind.OWN_HELD: amount, AccountKind.OWN_RECEIVED: -amount}, source,
        program_id=program_id, number=lines, by=by, at=at,
    )


def return_held(
    source: models.Model, amount: Decimal, *, program_id: int, lines: int, by: Any, at: datetime
) -> LedgerTransaction | None:
    """Book held money as given back, in the caller's transaction; below zero: it came back from the bank."""
    return _booked(
        LedgerTransaction.Kind.RETURN, {AccountKind.OWN_HELD: amount, AccountKind.OWN_RECEIVED: -amount}, source,
        program_id=program_id, number=lines, by=by, at=at,
    )


def reverse_own(
    source: models.Model, amount: Decimal, *, held: Decimal, program_id: int, people: int, by: Any, at: datetime
) -> LedgerTransaction | None:
    """Book own shares as owed again, in the caller's transaction. `held`: so much of it did come in, and is held from now on."""
    return _booked(
        LedgerTransaction.Kind.UNPAID,
        {AccountKind.PERSON_RECEIVABLE: amount, AccountKind.OWN_HELD: -held, AccountKind.OWN_RECEIVED: held - amount}, source,
        program_id=program_id, number=people, by=by, at=at,
    )


def _booked(
    kind: str, legs: dict[AccountKind, Decimal], source: models.Model, *, program_id: int, number: int, by: Any, at: datetime
) -> LedgerTransaction | None:
    """One posting; None where nothing moves."""
    if not any(legs.values()):
        return None
    fault_point("programs.book_own.before")
    booked = post(
        kind, [Leg(account, amount) for account, amount in legs.items()], program_id=program_id, source=source, memo=str(number),
        by=by, at=at,
    )
    fault_point("programs.book_own.after")
    return booked
