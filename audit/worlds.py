"""What a test begins with, made once for all tests that ask for the same: the suite's plugin keeps its rows, if it can."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from audit import faults

P = ParamSpec("P")
W = TypeVar("W")


class Keeper(Protocol):
    """Gives what `make(*given, **named)` gives: made now, or its rows put back."""

    def world(self, make: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A copy of the objects, whose rows are in the database."""


_keeper: Keeper | None = None


def kept_by(keeper: Keeper | None) -> None:
    """From now on this one keeps worlds, or nobody does."""
    global _keeper
    _keeper = keeper


def keepable(make: Callable[P, W]) -> Callable[P, W]:
    """Let a keeper answer for a function that only writes rows, the same for the same arguments.

    Nobody keeps anything outside the suite. While a fault is planted everything is made: its points are to be passed.
    """

    @wraps(make)
    def made(*given: P.args, **named: P.kwargs) -> W:
        if _keeper is None or faults.is_planted():
            return make(*given, **named)
        return _keeper.world(make, given, named)

    return made
