"""Who is a minor: under 18 on a day; somebody born on 29 February comes of age on 1 March. Pure, no database."""

from __future__ import annotations

from datetime import date

#: From this age on somebody speaks for themself, and for others.
OF_AGE = 18


def last_adult_birth(on: date) -> date:
    """The last birth date of those who are of age on a day: whoever was born later is a minor."""
    try:
        return on.replace(year=on.year - OF_AGE)
    except ValueError:
        return date(on.year - OF_AGE, 2, 28)
