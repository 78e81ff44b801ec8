"""Kinds of background work, declared by the rooms' tasks.py; a kind's rows live in the model, its work in its room."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

if TYPE_CHECKING:
    from jobs.actions.run import Run

Work = Callable[["Run"], Mapping[str, Any] | None]
_NAME = re.compile(r"[a-z_]+\.[a-z0-9_]+", re.ASCII)
LEASE_SECONDS = 60


@dataclass(frozen=True)
class JobKind:
    """One kind: its stable name "room.verb", words, work, and limits.

    `lease_seconds` is the longest that one step may take: `Run.advance` renews the lease, nothing else does, so a step
    that hangs is found. A run whose steps take longer must be cut into smaller steps or declare a longer lease.
    """

    name: str
    title: str | Promise
    work: Work
    unit: str
    max_attempts: int
    lease_seconds: int


_kinds: dict[str, JobKind] = {}


def job_kind(
    name: str, *, title: str | Promise, unit: str = "rows", max_attempts: int = 5, lease_seconds: int = LEASE_SECONDS
) -> Callable[[Work], Work]:
    """Declare a kind: `@job_kind("beneficiaries.stage_roster", title=_("Check a roster"))` on `def run(run)`.

    The work commits step by step, each step with `run.advance` as the last statement of its own transaction, and calls
    `run.check_stop()` between steps. It may be called again from `run.cursor` at any time, and returns facts or None.
    `unit` is one of Job.Unit; `max_attempts` counts attempts in a row without progress.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name} is no name of a kind: room.verb")
    if max_attempts < 1 or lease_seconds < 1:
        raise ValueError(f"{name}: max_attempts and lease_seconds are above zero")

    def declare(work: Work) -> Work:
        known = _kinds.get(name)
        if known is not None and _address(known.work) != _address(work):
            raise ValueError(f"two kinds are called {name}")
        _kinds[name] = JobKind(name, title, work, unit, max_attempts, lease_seconds)
        return work

    return declare


def _address(work: Work) -> tuple[str, str]:
    return work.__module__, work.__qualname__


def kind_of(name: str) -> JobKind | None:
    """The kind of this name, if a room of this version declares it."""
    return _kinds.get(name)


def known_kinds() -> dict[str, JobKind]:
    """All kinds by name."""
    return dict(sorted(_kinds.items()))


def forget_kind(name: str) -> None:
    """Remove a kind: for tests."""
    _kinds.pop(name, None)
