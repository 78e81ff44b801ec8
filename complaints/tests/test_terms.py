"""Days of complaints, a table of cases; no database."""

from __future__ import annotations

from datetime import date

import pytest

from complaints.rules.answer_text import NEEDED, PLACES, TEXT, missing_places, unknown_places
from complaints.rules.terms import Step, due_on, review_until


@pytest.mark.parametrize(
    ("step", "review", "day"),
    [
        (Step.PLAIN, False, date(2026, 3, 16)), (Step.COMPLEX, False, date(2026, 3, 31)), (Step.SPECIAL, False, date(2026, 4, 30)),
        (Step.PLAIN, True, date(2026, 3, 31)),
    ],
)
def test_the_last_day_is_counted_in_calendar_days_from_the_receipt(step: Step, review: bool, day: date) -> None:
    assert due_on(date(2026, 3, 1), step=step, review=review) == day


def test_a_review_is_asked_for_within_thirty_days_of_the_answer() -> None:
    assert review_until(date(2026, 2, 1)) == date(2026, 3, 3)


@pytest.mark.parametrize(
    ("text", "unknown", "missing"),
    [
        (TEXT, [], []),
        ("{投诉编号}{处理结果}{答复}{后续途径}{不认识}", ["不认识"], []),
        ("{投诉编号}{处理结果}{答复}{", ["{"], ["后续途径"]),
        ("没有位置", [], list(NEEDED)),
    ],
)
def test_places_of_a_wording_are_known_and_the_needed_ones_are_there(text: str, unknown: list[str], missing: list[str]) -> None:
    assert (unknown_places(text), missing_places(text)) == (unknown, missing)
    assert set(NEEDED) <= set(PLACES)
