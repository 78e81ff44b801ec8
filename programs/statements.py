"""Statements: what a funder granted, holds, used and owes, from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Case, QuerySet, Sum, Value, When
from django.db.models.fields import DecimalField
from django.utils import timezone

from programs.models import Funder, LedgerAccount, LedgerEntry, Program
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


def accounts_of(funder: Any, *, to: Any) -> QuerySet:
    """The accounts of a funder (or its number) that a user may read: naming a funder does not yet open its books."""
    return LedgerAccount.objects.visible_to(to, "programs.view_statement").filter(funder=funder)


def statement(funder: Funder, *, program: Program, first: date, last: date, to: Any) -> Sequence[Line]:
    """One line per kind of account of a funder in a program, from `first` to `last`, both days in. One query."""
    begins, ends = _midnight(first), _midnight(date.fromordinal(last.toordinal() + 1))
    within = {"transaction__at__gte": begins, "transaction__at__lt": ends}
    rows = (
        LedgerEntry.objects.filter(
            account__in=accounts_of(funder, to=to).order_by().values("pk"), account__program=program,
            transaction__at__lt=ends,
        )
        .values("account__kind")
        .annotate(
            opening=_sum(transaction__at__lt=begins),
            debits=_sum(**within, amount__gt=0),
            credits=_sum(**within, amount__lt=0),
        )
    )
    found = {row["account__kind"]: row for row in rows}
    return [
        Line(kind, found[kind]["opening"] or ZERO, found[kind]["debits"] or ZERO, -(found[kind]["credits"] or ZERO))
        for kind in AccountKind.values if kind in found
    ]


def _sum(**condition: object) -> Sum:
    return Sum(Case(When(**condition, then="amount"), default=Value(ZERO), output_field=_MONEY))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
