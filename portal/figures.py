"""Numbers as the workbench writes them."""

from __future__ import annotations

from decimal import Decimal


def number_text(value: str | Decimal | int) -> str:
    """A number as people read it: groups of three, an amount with its fen."""
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
