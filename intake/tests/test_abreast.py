"""Work beside the work here: on connections of its own, in turn within a transaction, failures raised here."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction

from intake.abreast import all_abreast, one_behind


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_pieces_run_in_their_order_on_one_other_connection_that_is_closed_at_the_end() -> None:
    done: list[tuple[int, int]] = []
    with one_behind() as behind:
        for piece in range(5):
            behind.then(lambda piece: done.append((piece, backend())), piece)
    assert [piece for piece, _pid in done] == [0, 1, 2, 3, 4]
    assert len({pid for _piece, pid in done}) == 1
    assert done[0][1] != backend()
    assert gone({done[0][1]})


@pytest.mark.django_db(transaction=True)
def test_the_failure_of_a_piece_is_raised_at_the_next_and_no_further_piece_runs() -> None:
    done: list[int] = []

    def work(piece: int) -> None:
        if piece == 1:
            raise ValueError("planted")
        done.append(piece)

    with pytest.raises(ValueError, match="planted"), one_behind() as behind:
        for piece in range(5):
            behind.then(work, piece)
    assert done == [0]


@pytest.mark.django_db(transaction=True)
def test_the_failure_of_the_last_piece_is_raised_at_the_end() -> None:
    def fail() -> None:
        raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"), one_behind() as behind:
        behind.then(fail)


@pytest.mark.django_db(transaction=True)
def test_two_subjects_are_under_way_at_once_each_on_its_connection() -> None:
    meet = threading.Barrier(2, timeout=20)
    pids: list[int] = []

    def work(subject: int) -> None:
        pids.append(backend())
        meet.wait()

    all_abreast(work, range(4), width=2)
    assert len(pids) == 4
    assert len(set(pids)) == 2
    assert gone(set(pids))


@pytest.mark.django_db(transaction=True)
def test_after_a_failure_no_subject_is_begun_and_the_first_failure_is_raised() -> None:
    begun: list[int] = []

    def work(subject: int) -> None:
        begun.append(subject)
        if subject == 0:
            raise ValueError("planted")
        time.sleep(0.3)

    with pytest.raises(ValueError, match="planted"):
        all_abreast(work, range(50), width=2)
    assert len(begun) <= 3


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_everything_runs_here_and_in_turn() -> None:
    with transaction.atomic():
        here, pids = backend(), []
        all_abreast(lambda _subject: pids.append(backend()), range(3), width=2)
        with one_behind() as behind:
            behind.then(lambda: pids.append(backend()))
    assert pids == [here] * 4


def gone(pids: set[int]) -> bool:
    """Whether the server has let these connections go, or they wait in the suite's pool for whoever opens the next."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [list(pids)])
            found: Any = cursor.fetchone()
        pool: Any = getattr(connection, "pool", None)
        # Or one of them was given to this very question.
        waiting = set() if pool is None else {backend(), *(each.info.backend_pid for each in pool._pool)}
        if found[0] == len(pids & waiting):
            return True
        time.sleep(0.05)
    return False
