"""Insurers that bear a plan together: whether their shares are whole, and what falls to each of a sum of money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

FEN = Decimal("0.01")
LEAST, WHOLE = Decimal("0.0001"), Decimal("100")


@dataclass(frozen=True)
class Part:
    """One insurer: its share in percent, and whether it leads."""

    insurer_id: int
    share: Decimal
    lead: bool = False


def problem(parts: Sequence[Part], *, insurer_id: int | None) -> tuple[str, dict[str, str]] | None:
    """Why these insurers cannot stand, as code and facts; None where they can. `insurer_id`: the program's, which leads.

    No part at all: the program's insurer bears the whole.
    """
    if not parts:
        return None
    total = sum((part.share for part in parts), Decimal(0))
    if total != WHOLE:
        return "INSURER_SHARES", {"total": percent(total)}
    if [part.insurer_id for part in parts if part.lead] != [insurer_id]:
        return "INSURER_LEADS", {}
    return None


def divide(amount: Decimal, parts: Sequence[Part]) -> list[Decimal]:
    """What falls to each in yuan, in their order: rounded down to the fen, and the lead takes the rest. The sum is the amount."""
    found = [(amount * part.share / WHOLE).quantize(FEN, ROUND_DOWN) for part in parts]
    lead = next(place for place, part in enumerate(parts) if part.lead)
    found[lead] += amount - sum(found)
    return found


def percent(share: Decimal) -> str:
    """ "33.3334", "60.00": two places, and more where there are more."""
    text = f"{share:.4f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))
