"""What is odd about a claim, from facts that were read: pure; each function gives facts for a sentence, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Stay:
    """Days in hospital, both ends included; `own`: of the claim that is looked at."""

    bill: int
    admitted_on: date
    discharged_on: date
    own: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two stays of one person and the days that they share."""

    stay: Stay
    other: Stay
    days: int


@dataclass(frozen=True, slots=True)
class Usual:
    """Earlier cases of the same kind: how many, the middle one, and the one at the high end."""

    cases: int
    median: Decimal
    high: Decimal


def overlaps(stays: Iterable[Stay], *, least: int) -> list[Overlap]:
    """Stays of the claim that share `least` days or more with another one; a transfer shares one day, which is none."""
    everything = sorted(stays, key=lambda stay: stay.bill)
    found = []
    for stay in everything:
        if not stay.own:
            continue
        for other in everything:
            # A pair of the claim's own is told once.
            if other.bill == stay.bill or (other.own and other.bill < stay.bill):
                continue
            days = (min(stay.discharged_on, other.discharged_on) - max(stay.admitted_on, other.admitted_on)).days
            if days >= max(least, 1):
                found.append(Overlap(stay, other, days))
    return found


def outside_cover(event_at: datetime, starts_at: datetime, ends_at: datetime) -> str:
    """ "before", "after", or "" within."""
    return "before" if event_at < starts_at else "after" if event_at >= ends_at else ""


def soon_after_begin(event_at: datetime, starts_at: datetime, *, days: int, followed_on: bool) -> int | None:
    """Whole days since the cover began, where they are fewer than `days` and no cover went before; else None."""
    gone = event_at - starts_at
    return gone.days if timedelta(0) <= gone < timedelta(days=days) and not followed_on else None


def after_death(treated_on: Sequence[date], died_on: date | None) -> list[date]:
    """Days of treatment after a death."""
    return sorted(day for day in treated_on if died_on is not None and day > died_on)


def unusual(amount: Decimal, usual: Usual | None, *, least: int) -> bool:
    """Whether an amount lies above the high end of at least so many earlier cases."""
    return usual is not None and usual.cases >= least and amount > usual.high


def folded(name: str) -> str:
    """A name as two systems write it: without blanks, with one kind of dot."""
    return "".join("·" if sign in "•‧・.．" else sign for sign in name if not sign.isspace()).casefold()
