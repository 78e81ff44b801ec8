"""Postings: the one writer of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import F

from audit.faults import fault_point
from programs.errors import LedgerRefused
from programs.models import Budget, LedgerAccount, LedgerEntry, LedgerTransaction
from programs.models.ledger import AccountKind

FEN = Decimal("0.01")


@dataclass(frozen=True)
class Leg:
    """One side of a posting: yuan, debit above zero, credit below."""

    kind: str
    amount: Decimal
    funder_id: int | None = None
    budget_id: int | None = None


def post(
    kind: str, legs: Sequence[Leg], *, program_id: int, source: models.Model, memo: str = "", by: Any, at: datetime
) -> LedgerTransaction:
    """Write one balanced transaction in the caller's transaction; legs on one account are put together.

    Accounts are locked in the order of their ids, so that postings wait for each other and never in a circle.
    """
    sums: dict[tuple[str, int | None, int | None], Decimal] = {}
    for leg in legs:
        if leg.amount != leg.amount.quantize(FEN):
            raise LedgerRefused("FEN")
        place = (leg.kind, leg.funder_id, leg.budget_id)
        sums[place] = sums.get(place, Decimal(0)) + leg.amount
    sums = {place: amount for place, amount in sums.items() if amount}
    difference = sum(sums.values(), Decimal(0))
    if difference:
        raise LedgerRefused("UNBALANCED", difference=difference)
    if len(sums) < 2:
        raise LedgerRefused("LEGS")
    with transaction.atomic():
        fault_point("programs.post.before")
        accounts = _accounts(program_id, list(sums))
        booked = LedgerTransaction.objects.create(
            kind=kind, program_id=program_id, at=at, source_type=source._meta.label_lower, source_id=source.pk,
            memo=memo, by_label=str(by)[:80],
        )
        fault_point("programs.post.booked")
        LedgerEntry.objects.bulk_create(
            LedgerEntry(transaction=booked, account_id=accounts[place], amount=amount) for place, amount in sums.items()
        )
        ids = {accounts[place]: amount for place, amount in sums.items()}
        list(LedgerAccount.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
        for account_id in sorted(ids):
            LedgerAccount.objects.filter(pk=account_id).update(balance=F("balance") + ids[account_id])
        fault_point("programs.post.after")
    return booked


def account_code(kind: str, *, program_id: int, funder_id: int | None, budget_id: int | None) -> str:
    """The account's name in the books."""
    parts = [kind, f"p{program_id}"]
    if funder_id is not None:
        parts.append(f"f{funder_id}")
    if budget_id is not None:
        parts.append(f"b{budget_id}")
    return ":".join(parts)


def _accounts(
    program_id: int, places: Sequence[tuple[str, int | None, int | None]]
) -> dict[tuple[str, int | None, int | None], int]:
    codes = {
        place: account_code(place[0], program_id=program_id, funder_id=place[1], budget_id=place[2]) for place in places
    }
    known = dict(LedgerAccount.objects.filter(code__in=codes.values()).values_list("code", "pk"))
    missing = [place for place in places if codes[place] not in known]
    if missing:
        LedgerAccount.objects.bulk_create(
            (
                LedgerAccount(
                    code=codes[place], kind=AccountKind(place[0]), program_id=program_id, funder_id=place[1],
                    budget_id=place[2],
                )
                for place in sorted(missing, key=lambda place: codes[place])
            ),
            ignore_conflicts=True,
        )
        known = dict(LedgerAccount.objects.filter(code__in=codes.values()).values_list("code", "pk"))
    return {place: known[code] for place, code in codes.items()}


def budget_legs(from_kind: str, to_kind: str, budget: Budget, amount: Decimal) -> list[Leg]:
    """Moves an amount of one budget from one of its accounts to another."""
    return [
        Leg(to_kind, amount, funder_id=budget.funder_id, budget_id=budget.pk),
        Leg(from_kind, -amount, funder_id=budget.funder_id, budget_id=budget.pk),
    ]
