"""Named fault points before and after every write; a no-op unless a test has planted a fault in this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection

Handler = Callable[[str], None]
_handler: Handler | None = None


class PlantedFault(RuntimeError):
    """What a fault point raises in the mode "raise"."""


def fault_point(name: str) -> None:
    """Mark one place where a process may die. `name` is "room.step.before" or "room.step.after"."""
    if _handler is not None:
        _handler(name)


def is_planted() -> bool:
    """Whether somebody listens to the fault points of this process."""
    return _handler is not None


@contextmanager
def handled_by(handler: Handler) -> Iterator[None]:
    """Call a handler at each fault point of this process while the block runs."""
    global _handler
    before, _handler = _handler, handler
    try:
        yield
    finally:
        _handler = before


class FaultAt:
    """A handler that strikes at the k-th point passed (from 1), or at each point of one name; `seen` counts them.

    Modes: "raise" (PlantedFault), "disconnect" (the connection drops), "kill" (SIGKILL to this process).
    """

    def __init__(self, *, k: int = 0, name: str = "", mode: str = "raise") -> None:
        self.k, self.name, self.mode = k, name, mode
        self.seen: list[str] = []

    @property
    def struck(self) -> bool:
        """Whether the k-th point was reached."""
        return bool(self.k) and len(self.seen) >= self.k

    def __call__(self, name: str) -> None:
        self.seen.append(name)
        if len(self.seen) == self.k or (self.name and name == self.name):
            strike(self.mode, name)


def strike(mode: str, name: str) -> None:
    """Do what the mode says."""
    if mode == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "disconnect":
        if connection.in_atomic_block:
            # The wrapper finds out by itself, as with a server that went away.
            connection.connection.close()
        else:
            connection.close()
        raise OperationalError(f"planted: the server closed the connection at {name}")
    raise PlantedFault(name)


def plant_from_environment() -> None:
    """FAULT_AT=k or FAULT_POINT=name, and FAULT_MODE: for subprocesses of the test suite."""
    global _handler
    k, name = int(os.environ.get("FAULT_AT", "0")), os.environ.get("FAULT_POINT", "")
    if k or name:
        _handler = FaultAt(k=k, name=name, mode=os.environ.get("FAULT_MODE", "kill"))
