"""The rule of the draw, as another auditor would repeat it by hand."""

from __future__ import annotations

import hashlib

import pytest

from samples.rules import digest_of, drawn, quotas, rank_of


def test_the_rank_is_the_sha_256_of_seed_and_number() -> None:
    # As `printf %s SEED:NUMBER | sha256sum` says it.
    assert rank_of("20261126-abc", "HY-2027-000000000197") == "d363117939dc2f18f846080393f77f444b431c7ca0dfb13c6fdf85271b7e029b"


@pytest.mark.parametrize(
    ("strata", "size", "expected"),
    [
        ({"": 100}, 10, {"": 10}), ({"": 3}, 10, {"": 3}), ({}, 10, {}),
        ({"a": 50, "b": 30, "c": 20}, 10, {"a": 5, "b": 3, "c": 2}),
        # 3.33 each: the first by code takes what is left.
        ({"c": 1, "b": 1, "a": 1}, 2, {"a": 1, "b": 1, "c": 0}),
        ({"a": 98, "b": 1, "c": 1}, 10, {"a": 10, "b": 0, "c": 0}),
        ({"a": 2, "b": 9}, 11, {"a": 2, "b": 9}),
    ],
)
def test_each_stratum_gets_its_share_by_largest_remainders(strata: dict[str, int], size: int, expected: dict[str, int]) -> None:
    assert quotas(strata, size) == expected


def test_a_draw_takes_the_smallest_ranks_of_each_stratum_whatever_the_order_of_the_covers() -> None:
    covers = [(f"{number % 2}", f"N{number}") for number in range(20)]
    found = drawn("seedseed", covers, size=4)
    assert found == drawn("seedseed", reversed(covers), size=4) and found != drawn("seedsee2", covers, size=4)
    for stratum in "01":
        ranked = sorted((rank_of("seedseed", number), number) for code, number in covers if code == stratum)
        assert [number for code, number in found if code == stratum] == [number for _rank, number in ranked[:2]]


def test_the_digest_is_over_numbers_with_a_line_feed_after_each() -> None:
    assert digest_of(["A", "B"]) == hashlib.sha256(b"A\nB\n").hexdigest()
