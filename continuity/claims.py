"""The door through which a room of claims says which covers had a paid claim; no claim is known here.

Until it registers, no year counts as one with a claim but those that an imported figure leaves out, and pages say so.
"""

from __future__ import annotations

_paid: list[str] = []


def register_paid(condition: str) -> None:
    """Called once at start by the room of claims. `condition`: SQL over a cover's id "{cover}", true where a claim was paid."""
    if "{cover}" not in condition:
        raise ValueError("the condition names its cover as {cover}")
    if _paid and _paid != [condition]:
        raise ValueError("paid claims are told already")
    _paid[:] = [condition]


def forget_paid() -> None:
    """For tests."""
    _paid.clear()


def are_known() -> bool:
    """Whether a room tells of claims."""
    return bool(_paid)


def paid(cover: str) -> str:
    """SQL: whether a claim of the cover was paid; false while nobody tells."""
    return f"({_paid[0].format(cover=cover)})" if _paid else "false"
