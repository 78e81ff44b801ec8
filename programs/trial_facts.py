"""The door through which a room above gives a trial the facts of a real cover; no cover is known here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: (a cover's number, by=user) -> insured and cover as a case's plain data; Refused says why not.
Facts = Callable[..., Mapping[str, Any]]
_facts: list[Facts] = []


def register_facts(facts: Facts) -> None:
    """Called once at start by the room that knows covers and their years."""
    if _facts and _facts != [facts]:
        raise ValueError("facts of covers are given already")
    _facts[:] = [facts]


def are_given() -> bool:
    """Whether a trial can begin with a cover."""
    return bool(_facts)


def facts_of(number: str, *, by: Any) -> Mapping[str, Any]:
    """Insured and cover of a cover's number, as far as the user may see it."""
    return _facts[0](number, by=by)
