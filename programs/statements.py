"""Statements: what a funder granted, holds, used and owes, from the ledger, posting by posting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Case, QuerySet, Sum, Value, When
from django.db.models.fields import DecimalField
from django.utils import timezone

from programs.models import Funder, LedgerAccount, LedgerEntry, LedgerTransaction, Program
from programs.models.ledger import AccountKind

ZERO = Decimal("0.00")
_MONEY = DecimalField(max_digits=16, decimal_places=2)


@dataclass(frozen=True)
class Line:
    """One account kind over a span: yuan at its begin, debits, credits (positive), at its end."""

    kind: str
    opening: Decimal
    debits: Decimal
    credits: Decimal

    @property
    def closing(self) -> Decimal:
        """Opening and what moved."""
        return self.opening + self.debits - self.credits

    @property
    def label(self) -> str:
        """The account's kind in words."""
        return str(AccountKind(self.kind).label)


@dataclass(frozen=True)
class Posting:
    """One leg of a posting within the span; `balance` is that of its kind of account after it, yuan.

    `booked_on`: the accounting day, later than `at` where the month of that was closed.
    """

    at: datetime
    booked_on: date
    kind: str
    what: str
    source: str
    memo: str
    amount: Decimal
    balance: Decimal

    @property
    def label(self) -> str:
        """The account's kind in words."""
        return str(AccountKind(self.kind).label)

    @property
    def is_carried(self) -> bool:
        """Whether it was made in a month that is closed, and counts in a later one."""
        return self.booked_on != timezone.localdate(self.at)

    @property
    def debit(self) -> Decimal | None:
        """Yuan, above zero."""
        return self.amount if self.amount > 0 else None

    @property
    def credit(self) -> Decimal | None:
        """Yuan, above zero."""
        return -self.amount if self.amount < 0 else None


def accounts_of(funder: Any, *, to: Any) -> QuerySet:
    """The accounts of a funder (or its number) that a user may read: naming a funder does not yet open its books."""
    return LedgerAccount.objects.visible_to(to, "programs.view_statement").filter(funder=funder)


def postings(
    funder: Funder, *, program: Program, first: date, last: date, to: Any, opening: Sequence[Line]
) -> Iterator[Posting]:
    """Every leg within the span that the reader may see, by kind of account and time, with running balances."""
    balance = {line.kind: line.opening for line in opening}
    place = {kind: number for number, kind in enumerate(AccountKind.values)}
    found = _entries(funder, program, to=to).filter(transaction__booked_on__range=(first, last))
    for kind in sorted(balance, key=lambda kind: place[kind]):
        legs = found.filter(account__kind=kind).select_related("transaction", "account__budget")
        for leg in legs.order_by("transaction__booked_on", "transaction__at", "id").iterator(chunk_size=2_000):
            balance[kind] += leg.amount
            booked = leg.transaction
            memo = booked.remark or (leg.account.budget.label if leg.account.budget is not None else "")
            yield Posting(
                booked.at, booked.booked_on, kind, booked.get_kind_display(), source_in_words(booked), memo, leg.amount,
                balance[kind],
            )


def source_in_words(booked: LedgerTransaction) -> str:
    """What a posting came from: "roster 12"."""
    try:
        name = apps.get_model(booked.source_type)._meta.verbose_name
    except LookupError:
        name = booked.source_type
    return f"{name} {booked.source_id}"


def statement(funder: Funder, *, program: Program, first: date, last: date, to: Any) -> Sequence[Line]:
    """One line per kind of account of a funder in a program, by accounting day from `first` to `last`, both in. One query.

    `to`: who reads it; whose money it is, and the program's office, see it, offices below do not.
    """
    within = {"transaction__booked_on__range": (first, last)}
    rows = (
        _entries(funder, program, to=to).filter(transaction__booked_on__lte=last)
        .values("account__kind")
        .annotate(
            opening=_sum(transaction__booked_on__lt=first),
            debits=_sum(**within, amount__gt=0),
            credits=_sum(**within, amount__lt=0),
        )
    )
    found = {row["account__kind"]: row for row in rows}
    return [
        Line(kind, found[kind]["opening"] or ZERO, found[kind]["debits"] or ZERO, -(found[kind]["credits"] or ZERO))
        for kind in AccountKind.values if kind in found
    ]


def _entries(funder: Funder, program: Program, *, to: Any) -> QuerySet[LedgerEntry]:
    seen = LedgerEntry.objects.visible_to(to, "programs.view_statement")
    return seen.filter(account__funder=funder, account__program=program)


def _sum(**condition: object) -> Sum:
    return Sum(Case(When(**condition, then="amount"), default=Value(ZERO), output_field=_MONEY))

