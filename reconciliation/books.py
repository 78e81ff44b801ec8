"""One program's books of claims side by side: balances, pairs of records, and what waits; a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from programs.models import Program
from reconciliation.balances import ZERO, Balance, balances_of
from reconciliation.pairs import PAIRS, WAITING, Pair, Sums, Waiting, sums_of
from reconciliation.span import Span


@dataclass(frozen=True)
class Books:
    """Of one span. Balances are of the whole program alone: the ledger knows no office below it."""

    span: Span
    balances: Sequence[Balance]
    pairs: Sequence[tuple[Pair, Sums]]
    waiting: Sequence[tuple[Waiting, Sums]]

    @property
    def apart(self) -> int:
        """How many comparisons differ."""
        return sum(1 for _pair, sums in self.pairs if not sums.agrees) + sum(1 for each in self.balances if each.difference)

    @property
    def owed(self) -> Decimal:
        """Yuan that wait to be paid, wherever they stand."""
        return sum((sums.left for each, sums in self.waiting if each.is_owed), ZERO)


def books_of(program: Program, span: Span, *, at: datetime) -> Books:
    """As of `at`."""
    facts = span.facts(program.pk, at=at)
    return Books(
        span, [] if span.path else balances_of(facts, is_now=facts["end"] > at),
        [(pair, sums_of(pair, facts)) for pair in PAIRS], [(each, sums_of(each, facts)) for each in WAITING],
    )
