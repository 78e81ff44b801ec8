"""Which arguments may be kept, how long failures wait, how progress is told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from jobs.errors import JobsRefused
from jobs.rules import Pace, checked_arguments, pace, retry_delay, without_numbers


@pytest.mark.parametrize(
    "value", [0, 7, 9_999_999_999, "2026", "HY-2026_1", "441602001001", "beneficiaries.roster", "", None, True, [1, 2]]
)
def test_numbers_and_short_codes_are_kept_as_they_are(value: object) -> None:
    assert checked_arguments({"value": value}) == {"value": value}


@pytest.mark.parametrize(
    "value",
    [
        "张三", "110101194912310021", "11010119491231002X", "110101491231002", "6222021234567890123", "13800138000",
        "Zhang San", "x" * 41, 110101194912310021, 13_800_138_000, -1, 1.5, Decimal("1.00"), date(2026, 1, 1),
        {"name": "x"}, [1, "张三"], [[1]], b"x", "a\n", "tel13800138000",
    ],
)
def test_anything_that_could_be_personal_is_refused_without_repeating_it(value: object) -> None:
    with pytest.raises(JobsRefused) as refused:
        checked_arguments({"value": value})
    assert refused.value.code == "ARGUMENT"
    assert refused.value.facts == {"name": "value"}


@pytest.mark.parametrize("name", ["张三", "Name", "a b", "", "x" * 41, "1a"])
def test_a_name_that_is_none_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(JobsRefused) as refused:
        checked_arguments({name: 1})
    assert (refused.value.code, refused.value.facts) == ("ARGUMENT_NAME", {})


def test_failures_wait_twice_as_long_each_time_up_to_ten_minutes_and_a_quarter() -> None:
    for attempt, whole in [(1, 5), (2, 10), (3, 20), (4, 40), (8, 600), (50, 600)]:
        delays = {retry_delay(attempt, job_id=job_id) for job_id in range(200)}
        assert min(delays) >= timedelta(seconds=whole * 0.75)
        assert max(delays) <= timedelta(seconds=whole * 1.25)
        assert len(delays) > 150


def test_the_wait_follows_from_job_and_attempt_alone() -> None:
    assert retry_delay(1, job_id=1) == retry_delay(1, job_id=1) == timedelta(seconds=5.847)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"done": 0, "total": None, "resumed_from": 0, "seconds": 5}, Pace(None, None, None)),
        ({"done": 0, "total": 100, "resumed_from": 0, "seconds": 5}, Pace(0, None, None)),
        ({"done": 50, "total": 100, "resumed_from": 0, "seconds": 10}, Pace(50, 5.0, 10)),
        ({"done": 50, "total": 100, "resumed_from": 40, "seconds": 10}, Pace(50, 1.0, 50)),
        ({"done": 50, "total": None, "resumed_from": 0, "seconds": 10}, Pace(None, 5.0, None)),
        ({"done": 999, "total": 1000, "resumed_from": 0, "seconds": 0}, Pace(99, None, None)),
        ({"done": 0, "total": 0, "resumed_from": 0, "seconds": 1}, Pace(100, None, None)),
    ],
)
def test_pace_counts_from_where_this_attempt_began(given: dict, expected: Pace) -> None:
    assert pace(**given) == expected


def test_numbers_of_people_are_masked_in_texts_and_region_codes_stay() -> None:
    text = "row 17: 11010119491231002X, 13800138000, 441602001001"
    assert without_numbers(text) == "row 17: ***, ***, 441602001001"
