"""The stop flag of this process: set once at shutdown, honored by every run between two steps."""

from __future__ import annotations

import threading

_stop = threading.Event()


def request_stop() -> None:
    """From now on no job is begun, and each running one gives its lease back at its next step."""
    _stop.set()


def is_stopping() -> bool:
    """Whether this process shuts down."""
    return _stop.is_set()


def wait(seconds: float) -> bool:
    """Sleep, or return true at once when this process shuts down."""
    return _stop.wait(seconds)


def forget() -> None:
    """Let this process work again: for tests, which share one process."""
    _stop.clear()
