"""The embedded server's settings for the machine: memory of the host or its control group, free disk."""

from __future__ import annotations

import pytest

from portal.local.postgres import max_wal_size, memory_limit, shared_buffers

MB, GB = 1024**2, 1024**3


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((), 16 * GB),
        (("max\n",), 16 * GB),
        (("2147483648\n",), 2 * GB),
        # Version 1 says "no limit" by a number larger than any memory.
        (("9223372036854771712\n",), 16 * GB),
        (("max\n", "1073741824\n"), GB),
        (("4294967296\n", "1073741824\n"), GB),
        (("", "0\n", "-1\n", "plenty\n"), 16 * GB),
    ],
)
def test_the_smaller_of_host_and_control_group_is_the_memory(limits: tuple[str, ...], expected: int) -> None:
    assert memory_limit(16 * GB, *limits) == expected


@pytest.mark.parametrize(
    ("memory", "expected"), [(512 * MB, 128), (GB, 128), (2 * GB, 256), (16 * GB, 2_048), (64 * GB, 4_096)]
)
def test_an_eighth_of_the_memory_is_shared_within_bounds(memory: int, expected: int) -> None:
    assert shared_buffers(memory) == expected


@pytest.mark.parametrize(("free", "expected"), [(0, 1), (20 * GB - 1, 1), (20 * GB, 8), (500 * GB, 8)])
def test_the_log_stays_small_where_little_disk_is_free(free: int, expected: int) -> None:
    assert max_wal_size(free) == expected
