"""What a cover from a moment to a moment costs: yuan, at the premium of a day, half-up to the fen, never below the least."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

_MOMENT = timedelta(microseconds=1)
_DAY = timedelta(days=1) // _MOMENT
_FEN = 100


def price_span(
    daily: Decimal, *, rule: str, starts_at: datetime, ends_at: datetime, minimum: Decimal | None = None
) -> Decimal:
    """The premium of [starts_at, ends_at), both aware.

    "daily": each 24 hours begun cost a day's premium. "time": the part of the day that the span lasts, exactly. `minimum`:
    the least that a span costs.
    """
    moments = (ends_at - starts_at) // _MOMENT
    if moments <= 0:
        raise ValueError("a span ends after it begins")
    fen = int(daily * _FEN)
    if rule == "daily":
        price = fen * -(-moments // _DAY)
    elif rule == "time":
        # Whole numbers: no division is rounded twice.
        price = (2 * fen * moments + _DAY) // (2 * _DAY)
    else:
        raise ValueError(f"no rule prices a span {rule}")
    found = (Decimal(price) / _FEN).quantize(Decimal("0.01"))
    return found if minimum is None else max(found, minimum)


def lasts_at_most(hours: int | None, *, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether a span is no longer than a plan's longest."""
    return hours is None or ends_at - starts_at <= timedelta(hours=hours)
