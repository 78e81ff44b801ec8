"""What a claim still owes, or is owed back, once its decision says another sum. Rules only; amounts are yuan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal("0.00")
#: Of a payable: kind, state, amount, received back, written off.
Row = tuple[str, str, Decimal, Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Owed:
    """Of a claim's payables as they stand: `paid` out, `payable` (waiting, on its way or failed), `recoverable` (asked back and
    still open), `recovered` (came back), `written_off` (was asked back and never will come)."""

    paid: Decimal = ZERO
    payable: Decimal = ZERO
    recoverable: Decimal = ZERO
    recovered: Decimal = ZERO
    written_off: Decimal = ZERO

    @property
    def incurred(self) -> Decimal:
        """What its decisions cost so far."""
        return self.paid + self.payable - self.recoverable - self.recovered - self.written_off

    @classmethod
    def of(cls, payables: Iterable[Row]) -> Owed:
        """Cancelled ones count nowhere, but for what had come back of them by then."""
        sums = {"paid": ZERO, "payable": ZERO, "recoverable": ZERO, "recovered": ZERO, "written_off": ZERO}
        for kind, state, amount, received, written_off in payables:
            if kind == "payout":
                if state != "cancelled":
                    sums["paid" if state == "paid" else "payable"] += amount
                continue
            sums["recovered"] += received
            sums["written_off"] += written_off
            if state != "cancelled":
                sums["recoverable"] += amount - received - written_off
        return cls(**sums)


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be paid ("payout") or asked back ("reclaim"); of nothing the amount is zero."""

    kind: str
    amount: Decimal


def difference(amount: Decimal, owed: Owed) -> Difference:
    """What remains of a decided amount after what was paid, came back and was written off; it takes the place of whatever is
    still waiting. What was written off is not asked for again."""
    rest = amount - (owed.paid - owed.recovered - owed.written_off)
    return Difference("payout" if rest >= 0 else "reclaim", abs(rest))
