"""What a claim still owes, or is owed back, once its decision says another sum. Rules only; amounts are yuan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Owed:
    """Of a claim's payables as they stand: `paid` out, `payable` (waiting, on its way or failed), `recoverable` (asked back and
    not come in yet), `recovered`."""

    paid: Decimal = ZERO
    payable: Decimal = ZERO
    recoverable: Decimal = ZERO
    recovered: Decimal = ZERO

    @property
    def incurred(self) -> Decimal:
        """What its decisions cost so far."""
        return self.paid + self.payable - self.recoverable - self.recovered

    @classmethod
    def of(cls, payables: Iterable[tuple[str, str, Decimal]]) -> Owed:
        """From (kind, state, amount); cancelled ones count nowhere."""
        sums = {"paid": ZERO, "payable": ZERO, "recoverable": ZERO, "recovered": ZERO}
        for kind, state, amount in payables:
            if state == "cancelled":
                continue
            done, waits = ("paid", "payable") if kind == "payout" else ("recovered", "recoverable")
            sums[done if state == "paid" else waits] += amount
        return cls(**sums)


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be paid ("payout") or asked back ("reclaim"); of nothing the amount is zero."""

    kind: str
    amount: Decimal


def difference(amount: Decimal, owed: Owed) -> Difference:
    """What remains of a decided amount after what was paid and came back; it takes the place of whatever is still waiting."""
    rest = amount - (owed.paid - owed.recovered)
    return Difference("payout" if rest >= 0 else "reclaim", abs(rest))
