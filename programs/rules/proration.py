"""What a cover costs that begins after its period: yuan, half-up to the fen, never more than the whole premium."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

FEN = Decimal("0.01")


def prorate(premium: Decimal, *, rule: str, starts_on: date, ends_on: date, cover_from: date) -> Decimal:
    """The premium for a cover from `cover_from` to before `ends_on` of a period [starts_on, ends_on).

    "none": the whole premium. "daily": days of cover over days of the period. "monthly": months begun, counted back
    from the period's end, over the months of the period.
    """
    if not starts_on <= cover_from < ends_on:
        raise ValueError("cover begins within its period")
    if rule == "none" or cover_from == starts_on:
        return premium
    if rule == "daily":
        part, whole = (ends_on - cover_from).days, (ends_on - starts_on).days
    elif rule == "monthly":
        part, whole = months_begun(cover_from, ends_on), months_begun(starts_on, ends_on)
    else:
        raise ValueError(f"no rule of proration is called {rule}")
    return min(premium, (premium * part / whole).quantize(FEN, ROUND_HALF_UP))


def months_begun(first: date, end: date) -> int:
    """Calendar months from a day to before another, each begun one counted whole."""
    months = (end.year - first.year) * 12 + end.month - first.month
    return max(1, months + (1 if end.day > first.day else 0))
