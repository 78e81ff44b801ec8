"""Ages in bands, windows, shares and lines of a drawing: tables of cases, no database."""

from __future__ import annotations

from datetime import date

import pytest

from beneficiaries.age_bands import band_name, band_of, births_of
from programs.models import Period
from takeup.drawing import Course, draw
from takeup.progress import _gaps, share, window_of


@pytest.mark.parametrize(("birth", "day", "band"), [
    (date(2027, 1, 1), date(2027, 1, 1), 0), (date(2027, 3, 1), date(2027, 1, 1), 0),
    (date(2021, 1, 2), date(2027, 1, 1), 0), (date(2021, 1, 1), date(2027, 1, 1), 6),
    (date(2009, 1, 2), date(2027, 1, 1), 6), (date(2009, 1, 1), date(2027, 1, 1), 18),
    (date(1997, 1, 1), date(2027, 1, 1), 30), (date(1957, 1, 2), date(2027, 1, 1), 60),
    (date(1957, 1, 1), date(2027, 1, 1), 70), (date(1900, 1, 1), date(2027, 1, 1), 80),
    # Born on 29 February: eighteen on 1 March.
    (date(2008, 2, 29), date(2026, 2, 28), 6), (date(2008, 2, 29), date(2026, 3, 1), 18),
    (date(2006, 2, 28), date(2024, 2, 29), 18), (None, date(2027, 1, 1), None),
])
def test_an_age_lies_in_its_band(birth: date | None, day: date, band: int | None) -> None:
    assert band_of(birth, day) == band


def test_bands_have_names_and_their_birth_dates_rise() -> None:
    assert [band_name(band) for band in (0, 18, 80, None)] == ["0–5", "18–29", "80+", ""]
    births = births_of(date(2024, 2, 29))
    assert births == sorted(births)
    assert births[-1] == date(2018, 3, 1)


PERIOD = Period(enrollment_opens_on=date(2026, 10, 1), enrollment_closes_on=date(2026, 12, 1))


@pytest.mark.parametrize(("today", "is_open", "is_over", "day", "left"), [
    (date(2026, 9, 28), False, False, 3, 0), (date(2026, 10, 1), True, False, 1, 61), (date(2026, 11, 30), True, False, 61, 1),
    (date(2026, 12, 1), False, True, 0, 0),
])
def test_a_window_counts_its_days(today: date, is_open: bool, is_over: bool, day: int, left: int) -> None:
    window = window_of(PERIOD, today=today)
    assert (window.is_open, window.is_over, window.day, window.left) == (is_open, is_over, day, left)
    assert (window.opens, window.last, window.days) == (date(2026, 10, 1), date(2026, 11, 30), 61)


@pytest.mark.parametrize(("part", "whole", "text"), [
    (9_996, 10_000, "99.9%"), (1, 3, "33.3%"), (3, 2, "150.0%"), (0, 5, "0.0%"), (None, 5, ""), (5, None, ""), (5, 0, ""),
])
def test_a_share_is_rounded_down(part: int | None, whole: int | None, text: str) -> None:
    assert share(part, whole) == text


def test_lines_are_drawn_within_their_frame() -> None:
    drawing = draw([Course("now", 1, [0, 30, 60]), Course("none", 2, [])], ["10-01", "10-02", "10-03"])
    assert (drawing.top, drawing.width) == (100, 30)
    assert [line.points for line in drawing.lines] == ["5,100 15,70 25,40"]


def test_what_one_table_hides_of_the_sum_no_other_tells() -> None:
    tables = {"county": {"441602": 3, "441621": 0}, "band": {6: 3}}
    gaps = _gaps({"now": tables})
    assert ("", "", "now") in gaps
    assert ("county", "441602", "now") in gaps
    assert ("band", 6, "now") in gaps
    large = {"county": {"441602": 30, "441621": 2, "441622": 9}}
    assert _gaps({"now": large}) == {("county", "441621", "now"), ("county", "441622", "now")}
