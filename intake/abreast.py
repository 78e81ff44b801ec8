"""Work on connections of its own beside the work here; within a transaction of the caller's it runs here and in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Lock
from typing import Any

from django.db import connection


class Behind:
    """Does one piece of work at a time while the caller prepares the next."""

    def __init__(self, pool: ThreadPoolExecutor | None) -> None:
        self._pool = pool
        self._last: Future[Any] | None = None
        self.worked = False

    def then(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        """Wait for the piece before, raise what it raised, and start this one; what it will come to."""
        if self._pool is None:
            done: Future[Any] = Future()
            done.set_result(work(*given))
            return done
        self.finish()
        self.worked = True
        self._last = self._pool.submit(copy_context().run, work, *given)
        return self._last

    def finish(self) -> None:
        """Wait for the last piece and raise what it raised."""
        if self._last is not None:
            last, self._last = self._last, None
            last.result()


#: Work here and in turn.
HERE = Behind(None)


@contextmanager
def one_behind() -> Iterator[Behind]:
    """A `Behind` whose last piece is done when the block ends."""
    if connection.in_atomic_block:
        # Another connection would not see what this transaction has written.
        yield HERE
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="behind") as pool:
        behind = Behind(pool)
        try:
            yield behind
            behind.finish()
        finally:
            if behind.worked:
                pool.submit(lambda: connection.close())


def all_abreast(work: Callable[[Any], Any], subjects: Iterable[Any], *, width: int) -> None:
    """Call `work` for each subject, `width` at a time; after a failure none is begun, and the first is raised."""
    if connection.in_atomic_block or width < 2:
        for subject in subjects:
            work(subject)
        return
    waiting, lock = iter(subjects), Lock()
    failures: list[BaseException] = []

    def walk() -> None:
        try:
            while not failures:
                with lock:
                    subject = next(waiting, _END)
                if subject is _END:
                    return
                work(subject)
        except BaseException as failure:
            # Raised again below, in the caller's thread.
            failures.append(failure)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=width, thread_name_prefix="abreast") as pool:
        for _place in range(width):
            pool.submit(copy_context().run, walk)
    if failures:
        raise failures[0]


_END = object()
