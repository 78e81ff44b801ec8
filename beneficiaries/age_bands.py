"""Ages in bands, as counts tell them: completed years on a period's first day; pure, as Python and as SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

#: The least age of each band, the oldest first. Of under-18s the law asks more; schools begin at six.
BANDS = (80, 70, 60, 50, 40, 30, 18, 6, 0)
#: Of who is at least so old: whoever was born on one of these days or later is younger. As SQL over the period's first day.
BIRTHS_SQL = (
    "ARRAY[" + ", ".join(f"({{day}} - interval '{years} years')::date + 1" for years in BANDS[:-1]) + "]"
)
#: The band of a birth date; null where it is not known. `births` is `births_of` or BIRTHS_SQL.
BAND_SQL = f"(ARRAY{list(BANDS)})[width_bucket({{birth}}, {{births}}) + 1]"


def births_of(day: date) -> list[date]:
    """Of each band but the youngest: the first birth date that is too late for it. Born on 29 February: a year older on 1 March."""
    return [_years_before(day, years) + timedelta(days=1) for years in BANDS[:-1]]


def band_of(birth_on: date | None, day: date) -> int | None:
    """The least age of the band; None where nobody knows."""
    if birth_on is None:
        return None
    return BANDS[sum(birth <= birth_on for birth in births_of(day))]


def band_name(band: int | None) -> str:
    """ "18–29", "80+"; "" where it is not known."""
    if band is None:
        return ""
    older: Sequence[int] = [each for each in BANDS if each > band]
    return f"{band}–{min(older) - 1}" if older else f"{band}+"


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)
