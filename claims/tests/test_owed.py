"""What a claim still owes, or is owed back: a table of cases, no database."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from claims.rules.owed import Owed, difference

D = Decimal
PAID = ("payout", "paid", "500")

#: What stands, the decided amount, what follows, what the decisions cost before.
CASES: Sequence[tuple[list[tuple[str, ...]], str, tuple[str, str], str]] = [
    ([], "400", ("payout", "400"), "0"),
    ([PAID], "400", ("reclaim", "100"), "500"),
    ([PAID], "500", ("payout", "0"), "500"),
    ([("payout", "open", "500")], "400", ("payout", "400"), "500"),
    ([PAID, ("reclaim", "open", "100")], "400", ("reclaim", "100"), "400"),
    ([PAID, ("reclaim", "open", "100", "60")], "400", ("reclaim", "40"), "400"),
    ([PAID, ("reclaim", "open", "100", "60")], "420", ("reclaim", "20"), "400"),
    ([PAID, ("reclaim", "open", "100", "60")], "450", ("payout", "10"), "400"),
    ([PAID, ("reclaim", "paid", "100", "100")], "400", ("payout", "0"), "400"),
    ([PAID, ("reclaim", "paid", "100", "60", "40")], "400", ("payout", "0"), "400"),
    ([PAID, ("reclaim", "paid", "100", "60", "40")], "390", ("reclaim", "10"), "400"),
    # Of a cancelled one only what had come back counts.
    ([PAID, ("reclaim", "cancelled", "100", "60"), ("reclaim", "open", "20")], "420", ("reclaim", "20"), "420"),
    ([PAID, ("payout", "cancelled", "70"), ("payout", "failed", "30")], "530", ("payout", "30"), "530"),
]


@pytest.mark.parametrize(("rows", "amount", "after", "incurred"), CASES)
def test_what_follows_from_what_stands(rows: list[tuple[str, ...]], amount: str, after: tuple[str, str], incurred: str) -> None:
    whole = [(*row, *["0"] * (5 - len(row))) for row in rows]
    owed = Owed.of((kind, state, D(asked), D(received), D(written)) for kind, state, asked, received, written in whole)
    found = difference(D(amount), owed)
    assert (found.kind, found.amount, owed.incurred) == (after[0], D(after[1]), D(incurred))
