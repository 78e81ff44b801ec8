"""Years that are known, years that are missing, and a year as it is looked at; pure."""

from __future__ import annotations

from datetime import date

import pytest

from claims.rules.almanac import Look, Spell, known_until, missing_year, months_of, published, spells_of
from claims.rules.clock import WorkCalendar


def off(*years: int) -> list[date]:
    return [date(year, month, 1) for year in years for month in (1, 10)]


def test_a_year_is_published_once_its_first_and_its_last_holiday_are_in() -> None:
    assert published([*off(2025), date(2026, 1, 1)]) == {2025}
    assert known_until([]) is None
    assert known_until([date(2026, 1, 1)]) is None
    assert known_until(off(2024, 2025)) == date(2025, 12, 31)
    # A gap: what lies behind it is not relied on.
    assert known_until(off(2023, 2024, 2026)) == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("known", "today", "missing"),
    [
        (None, date(2026, 5, 1), 2026), (date(2026, 12, 31), date(2026, 11, 30), None),
        (date(2026, 12, 31), date(2026, 12, 1), 2027),
        (date(2027, 12, 31), date(2026, 12, 31), None), (date(2024, 12, 31), date(2026, 3, 1), 2025),
    ],
)
def test_from_december_on_the_next_year_is_missing(known: date | None, today: date, missing: int | None) -> None:
    assert missing_year(known, today=today) == missing


def test_a_year_is_twelve_months_of_whole_weeks_from_monday_on() -> None:
    calendar = WorkCalendar(
        off=frozenset(date(2026, 10, day) for day in range(1, 8)), worked=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
    )
    months = months_of(2026, calendar, {date(2026, 10, 1): "国庆节"})
    assert [month.number for month in months] == list(range(1, 13))
    assert all(len(week) == 7 for month in months for week in month.weeks)
    assert [sum(cell is not None for week in month.weeks for cell in week) for month in months] == [
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
    ]
    october = months[9]
    first = october.weeks[0]
    assert first[:3] == (None, None, None)
    assert first[3] is not None and (first[3].look, first[3].name) == (Look.OFF, "国庆节")
    looks = {cell.day.day: cell.look for week in october.weeks for cell in week if cell is not None}
    assert (looks[8], looks[10], looks[11]) == (Look.WORKING, Look.WORKED, Look.WEEKEND)
    # 22 days from Monday to Friday, five of them off, one Saturday worked.
    assert october.working == 18


def test_days_in_a_row_are_told_together() -> None:
    days = [
        (date(2026, 10, 2), Look.OFF, "国庆节"), (date(2026, 10, 1), Look.OFF, "国庆节"), (date(2026, 10, 3), Look.OFF, "中秋节"),
        (date(2026, 10, 10), Look.WORKED, "国庆节"), (date(2026, 10, 5), Look.OFF, "中秋节"),
    ]
    assert spells_of(days) == [
        Spell(date(2026, 10, 1), date(2026, 10, 2), Look.OFF, "国庆节"),
        Spell(date(2026, 10, 3), date(2026, 10, 3), Look.OFF, "中秋节"),
        Spell(date(2026, 10, 5), date(2026, 10, 5), Look.OFF, "中秋节"),
        Spell(date(2026, 10, 10), date(2026, 10, 10), Look.WORKED, "国庆节"),
    ]
