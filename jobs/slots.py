"""How many jobs this process runs at once: one thread fewer than its worker has, so that the clock's tasks find one free.

Sweeping and sealing are tasks like any other: with a long job on every thread nothing would be swept or sealed.
"""

from __future__ import annotations

import threading
from collections import deque

_lock = threading.Lock()
_waiting: deque[int] = deque()
_most = 1
_taken = 0


def serve(threads: int) -> None:
    """What a worker of so many threads keeps to; of a single one all is taken, and the clock waits."""
    global _most
    _most = max(threads - 1, 1)


def take(job_id: int) -> bool:
    """Whether there is a slot; if not, the job is remembered for whoever comes free. Its row stays the truth."""
    global _taken
    with _lock:
        if _taken >= _most:
            if job_id not in _waiting:
                _waiting.append(job_id)
            return False
        _taken += 1
        return True


def next_one() -> int | None:
    """In a slot whose job has ended: the job that waits longest; without one, the slot is given back."""
    global _taken
    with _lock:
        if _waiting:
            return _waiting.popleft()
        _taken -= 1
        return None


def give_back() -> None:
    """End a slot's work."""
    global _taken
    with _lock:
        _taken -= 1
