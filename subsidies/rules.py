"""What is owed back when a cover ends early, and which small numbers are not shown; rules only."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from django.utils import timezone

from programs.rules.proration import months_begun

FEN = Decimal("0.01")
ZERO = Decimal("0.00")
#: A number of people below this one tells who they are.
LEAST_SHOWN = 5
_MOMENT = timedelta(microseconds=1)
_DAY = timedelta(days=1) // _MOMENT

C = TypeVar("C", bound=Hashable)


def used_premium(
    premium: Decimal, *, rule: str, is_span: bool, starts_at: datetime, ends_at: datetime, ended_before: datetime,
    minimum: Decimal | None = None,
) -> Decimal:
    """Yuan of a premium that a cover used which ended at `ends_at` instead of `ended_before`.

    Nothing when it ended before it began; all of it where the plan has no rule ("none"). "daily" and "monthly": days of
    cover, or months begun, over those that were paid for. A span: each 24 hours begun ("daily") or the very time ("time"),
    never below its least premium.
    """
    if ends_at <= starts_at:
        return ZERO
    if rule == "none" or ends_at >= ended_before:
        return premium
    if is_span:
        part, whole = ((moment - starts_at) // _MOMENT for moment in (ends_at, ended_before))
        if rule == "daily":
            part, whole = -(-part // _DAY), -(-whole // _DAY)
        used = (premium * part / whole).quantize(FEN, ROUND_HALF_UP)
        return min(premium, max(used, minimum or ZERO))
    first, last, until = (timezone.localdate(moment) for moment in (starts_at, ends_at, ended_before))
    if rule == "daily":
        part_of, whole_of = (last - first).days, (until - first).days
    elif rule == "monthly":
        part_of, whole_of = months_begun(first, last), months_begun(first, until)
    else:
        raise ValueError(f"no rule of proration is called {rule}")
    return min(premium, (premium * part_of / whole_of).quantize(FEN, ROUND_HALF_UP))


def given_back(shares: Sequence[Decimal], *, used: Decimal) -> list[Decimal]:
    """What each payer of a premium gets back, in the order of the shares, when `used` yuan of it were used.

    Each bears the used part by their share, summed up share by share and rounded half-up to the fen, so that the parts
    borne sum to what was used, nobody bears more than their share, and the insured person, who comes first, gets back of
    the fen that they paid and never of a subsidy.
    """
    premium = sum(shares, ZERO)
    back: list[Decimal] = []
    before = borne_before = ZERO
    for share in shares:
        before += share
        borne = (before * used / premium).quantize(FEN, ROUND_HALF_UP) if premium else ZERO
        back.append(share - (borne - borne_before))
        borne_before = borne
    return back


def hidden(numbers: Mapping[tuple[C, C], int], *, known: frozenset[tuple[C, C]] = frozenset()) -> set[tuple[C, C]]:
    """Places (row, column) of a table of people that are not shown to who may not see the people.

    Each number from 1 to 4, and beside it the next smallest of its row and of its column, since a single gap is told
    by the rest of the line. The sums of the lines are to stand in the table as cells of their own. `known`: cells that
    everybody knows anyway, such as the sum that is asked.
    """
    gaps = {place for place, number in numbers.items() if 0 < number < LEAST_SHOWN and place not in known}
    while True:
        found = {place for line in _lines(numbers) for place in _second(line, numbers, gaps, known)}
        if found <= gaps:
            return gaps
        gaps |= found


def _lines(numbers: Mapping[tuple[C, C], int]) -> list[list[tuple[C, C]]]:
    lines: dict[tuple[int, C], list[tuple[C, C]]] = {}
    for place in numbers:
        for side in (0, 1):
            lines.setdefault((side, place[side]), []).append(place)
    return list(lines.values())


def _second(
    line: Sequence[tuple[C, C]], numbers: Mapping[tuple[C, C], int], gaps: set[tuple[C, C]],
    known: frozenset[tuple[C, C]],
) -> list[tuple[C, C]]:
    """The cell that hides a line's only gap; none when the line has no gap or several."""
    if sum(place in gaps for place in line) != 1:
        return []
    shown = [place for place in line if place not in gaps and place not in known and numbers[place]]
    return [min(shown, key=lambda place: (numbers[place], str(place)))] if shown else []
