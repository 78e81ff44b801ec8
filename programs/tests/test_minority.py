"""Who is a minor on a day: the eighteenth birthday, and the one of 29 February."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from programs.rules.eligibility import completed_years
from programs.rules.minority import OF_AGE, last_adult_birth


@pytest.mark.parametrize(
    ("on", "last"),
    [
        (date(2027, 1, 1), date(2009, 1, 1)), (date(2026, 2, 28), date(2008, 2, 28)), (date(2026, 3, 1), date(2008, 3, 1)),
        (date(2028, 2, 29), date(2010, 2, 28)),
    ],
)
def test_whoever_was_born_later_than_eighteen_years_before_is_a_minor(on: date, last: date) -> None:
    assert last_adult_birth(on) == last


def test_the_last_adult_birth_agrees_with_completed_years_on_every_day_of_a_leap_year_and_the_next() -> None:
    for offset in range(731):
        on = date(2028, 1, 1) + timedelta(days=offset)
        last = last_adult_birth(on)
        assert completed_years(last, on) == OF_AGE
        assert completed_years(last + timedelta(days=1), on) == OF_AGE - 1
