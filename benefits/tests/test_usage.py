"""Counters of a cover."""

from __future__ import annotations

import pytest

from benefits.tests.cases import yuan
from benefits.usage import NOTHING_USED, Usage


def test_an_unused_counter_is_zero_and_equal_to_none() -> None:
    assert NOTHING_USED["paid:medical"] == yuan(0)
    assert NOTHING_USED.get("paid:medical") == yuan(0)
    assert Usage({"paid:medical": yuan(0)}) == NOTHING_USED
    assert hash(Usage({"paid:medical": yuan(0)})) == hash(NOTHING_USED)
    assert "paid:medical" not in NOTHING_USED


def test_usage_is_kept_as_text_and_read_back() -> None:
    usage = Usage({"paid:b": yuan("10.50"), "base:a": yuan("0.125"), "days:c": yuan(0)})
    assert usage.to_data() == {"base:a": "0.125", "paid:b": "10.50"}
    assert Usage.from_data(usage.to_data()) == usage


def test_usage_does_not_change_when_added_to() -> None:
    usage = Usage({"paid:a": yuan(1)})
    more = usage.plus({"paid:a": yuan(2), "paid:b": yuan(3)})
    assert (usage["paid:a"], more["paid:a"], more["paid:b"]) == (yuan(1), yuan(3), yuan(3))
    assert more.minus({"paid:a": yuan(2), "paid:b": yuan(3)}) == usage
    with pytest.raises(TypeError):
        usage["paid:a"] = yuan(5)  # type: ignore[index]
