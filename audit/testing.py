"""The test kit: faults at every point, and a stepper that leads two connections through a race."""

from __future__ import annotations

import os
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import deepcopy
from typing import Any, TypeVar

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.backends.signals import connection_created

from audit.faults import FaultAt, PlantedFault, handled_by

STEP_SECONDS = 20
T = TypeVar("T")
#: Whether sweeps go over everything; the suite takes their short forms.
FULL_SWEEP = os.environ.get("FULL_SWEEP") == "1"
#: Which stops of a walk a test makes, by their names.
Stops = Callable[[str], bool]


def _of_the_short_walk(name: str) -> bool:
    """One stop of ten, the same ones each time."""
    return zlib.crc32(name.encode()) % 10 == 0


def _of_the_long_walk(name: str) -> bool:
    return not _of_the_short_walk(name)


#: A walk over everything of a kind (every page, list, action) in two tests: a tenth of its stops belongs to `make test`, the
#: others to `make walks`, and CI takes both.
in_two_walks = pytest.mark.parametrize(
    "stops", [
        pytest.param(_of_the_short_walk, id="a tenth"),
        pytest.param(_of_the_long_walk, id="the others", marks=pytest.mark.walk),
    ],
)


def in_turn(ways: Iterable[T], place: int) -> list[T]:
    """All ways of a sweep, to die or to begin; in the short form one of them, another at each place."""
    every = list(ways)
    return every if FULL_SWEEP else [every[place % len(every)]]


@contextmanager
def fault_at(name: str, *, mode: str = "raise") -> Iterator[FaultAt]:
    """Strike at every fault point of one name while the block runs."""
    fault = FaultAt(name=name, mode=mode)
    with handled_by(fault):
        yield fault


def sweep(run: Callable[[], Any], *, check: Callable[[int], Any], mode: str = "raise", first: int = 1, step: int = 1) -> int:
    """Run again and again with the k-th fault point fatal until a run survives; `check(k)` after each strike.

    Returns how many points were struck.
    """
    struck, k = 0, first
    while True:
        fault = FaultAt(k=k, mode=mode)
        try:
            with handled_by(fault):
                run()
        except (PlantedFault, OperationalError):
            pass
        if not fault.struck:
            return struck
        struck += 1
        check(k)
        k += step


def shared(make: Callable[[], Any]) -> tuple[Any, Any, Any]:
    """Fixtures of a module whose tests all begin with the same rows and never commit: made once, for all of them.

        _django_db_helper, one_world, kept_world = shared(make_world)

    `kept_world` gives a test a copy of what `make` made; what the test does to the database is taken back. The first
    takes the place of pytest-django's transaction per test: all tests of the module stand in one.
    """

    @pytest.fixture
    def helper() -> None:
        """Nothing: the module's transaction is open."""

    @pytest.fixture(scope="module")
    def one(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
        with django_db_blocker.unblock(), transaction.atomic():
            yield make()
            transaction.set_rollback(True)

    @pytest.fixture
    def kept(one_world: Any) -> Iterator[Any]:
        with transaction.atomic():
            yield deepcopy(one_world)
            transaction.set_rollback(True)

    return helper, one, kept


class Stepper:
    """Runs functions in threads with their own connections, each halted at named fault points until it is let on.

        with Stepper() as stepper:
            first = stepper.start(lambda: approve(...), stop_at="programs.reserve.locked")
            second = stepper.start(lambda: approve(...))
            first.go_on()
            results = [first.result(), second.result()]
    """

    def __init__(self) -> None:
        self._walkers: list[Walker] = []
        self._handler = handled_by(self._arrived)

    def __enter__(self) -> Stepper:
        self._handler.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        for walker in self._walkers:
            walker.go_on()
            walker.thread.join(STEP_SECONDS)
        self._handler.__exit__(*raised)

    def start(self, function: Callable[[], Any], *, stop_at: str = "") -> Walker:
        """Start one; returns when it has reached its stop, or at once when it has none."""
        walker = Walker(function, stop_at, beside=self._walkers)
        self._walkers.append(walker)
        walker.begin()
        return walker

    def _arrived(self, name: str) -> None:
        walker = _walking.get()
        if walker is not None:
            walker.arrived(name)


#: Whose work this is: threads that a walker's work starts for itself carry it on.
_walking: ContextVar[Walker | None] = ContextVar("walking", default=None)


def _opened(sender: Any, connection: Any, **_given: Any) -> None:
    walker = _walking.get()
    if walker is not None:
        walker.backends.add(connection.connection.info.backend_pid)


connection_created.connect(_opened)


class Walker:
    """One function in its own thread."""

    def __init__(self, function: Callable[[], Any], stop_at: str, *, beside: list[Walker]) -> None:
        self._function, self._stop_at, self._beside = function, stop_at, beside
        #: Server processes of the connections that its work has opened.
        self.backends: set[int] = set()
        self._stopped, self._let_on, self._ended = threading.Event(), threading.Event(), threading.Event()
        self._reached = False
        self._value: Any = None
        self._error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Start the thread and wait for its stop."""
        self.thread.start()
        if self._stop_at and not (self._stopped.wait(STEP_SECONDS) and self._reached):
            raise AssertionError(f"{self._stop_at} was not reached") from self._error

    def arrived(self, name: str) -> None:
        """Called at each fault point of this thread."""
        if name == self._stop_at and not self._let_on.is_set():
            self._reached = True
            self._stopped.set()
            self._let_on.wait(STEP_SECONDS)

    def go_on(self) -> None:
        """Let it pass its stop."""
        self._let_on.set()

    def waits(self, seconds: float = 0.5) -> bool:
        """Whether it hangs on a lock of another walker, or has not ended after as many seconds."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if self._ended.wait(0.02):
                return False
            if self._is_blocked():
                return True
        return not self._ended.is_set()

    def _is_blocked(self) -> bool:
        """Whether the server says that one of its connections waits for one of another walker's."""
        others = [pid for walker in self._beside if walker is not self for pid in list(walker.backends)]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM unnest(%s::int[]) AS pid WHERE pg_blocking_pids(pid) && %s::int[]",
                [list(self.backends), others],
            )
            return cursor.fetchone() != (0,)

    def result(self) -> Any:
        """What the function gave, or raises what it raised."""
        if not self._ended.wait(STEP_SECONDS):
            raise AssertionError("it does not end")
        if self._error is not None:
            raise self._error
        return self._value

    def error(self) -> BaseException | None:
        """What the function raised."""
        if not self._ended.wait(STEP_SECONDS):
            raise AssertionError("it does not end")
        return self._error

    def _run(self) -> None:
        _walking.set(self)
        try:
            self._value = self._function()
        except BaseException as error:
            self._error = error
        finally:
            connections.close_all()
            self._stopped.set()
            self._ended.set()
