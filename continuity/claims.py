"""The door through which rooms of claims say which covers had a paid claim; no claim is known here.

Until one registers, no year counts as one with a claim but those that an imported figure leaves out, and pages say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_paid: list[str] = []


def register_paid(condition: str) -> None:
    """Called at start by each room that knows of paid claims. `condition`: SQL over a cover's id "{cover}", true where one was."""
    if "{cover}" not in condition:
        raise ValueError("the condition names its cover as {cover}")
    if condition not in _paid:
        _paid.append(condition)


@contextmanager
def told_only_by(*conditions: str) -> Iterator[None]:
    """For tests: inside, these conditions stand alone, and none where none is given; what rooms registered stands again after."""
    registered = _paid[:]
    _paid[:] = conditions
    try:
        yield
    finally:
        _paid[:] = registered


def are_known() -> bool:
    """Whether a room tells of claims."""
    return bool(_paid)


def paid(cover: str) -> str:
    """SQL: whether a claim of the cover was paid, as any of the rooms tells; false while nobody does."""
    return f"({' OR '.join(f'({each.format(cover=cover)})' for each in _paid)})" if _paid else "false"
