"""Work for the tests, importable by a worker process of its own (`celery -A portal worker -I jobs.tests.kinds`)."""

from __future__ import annotations

import time

from django.db import connection, transaction

from jobs.actions import Run
from jobs.registry import job_kind

STEPS = 12


def leave_effect(run: Run, step: int) -> None:
    """One step's effect and progress in one transaction."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO jobs_test_effect (job, step) VALUES (%s, %s)", [run.job.pk, step])
        run.advance(done=step, total=STEPS, cursor={"step": step})


def steps_left(run: Run) -> range:
    """The steps after the last committed one."""
    return range((run.cursor or {"step": 0})["step"] + 1, STEPS + 1)


@job_kind("tests.walk", title="Zqwalk", unit="steps", max_attempts=3)
def walk(run: Run) -> dict[str, int]:
    """Twelve quick steps."""
    for step in steps_left(run):
        run.check_stop()
        leave_effect(run, step)
    return {"steps": STEPS}


@job_kind("tests.stroll", title="Zqstroll", unit="steps", max_attempts=3)
def stroll(run: Run) -> dict[str, int]:
    """Twelve steps of a fifth of a second."""
    for step in steps_left(run):
        run.check_stop()
        time.sleep(0.2)
        leave_effect(run, step)
    return {"steps": STEPS}


@job_kind("tests.rest", title="Zqrest", unit="steps", max_attempts=3)
def rest(run: Run) -> dict[str, int]:
    """No step until a test has left an effect for it."""
    leave_effect(run, 1)
    while not woken(run):
        run.check_stop()
        time.sleep(0.05)
    return {"steps": 1}


def woken(run: Run) -> bool:
    """Whether the test says that it is enough."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM jobs_test_effect WHERE job = 0")
        return cursor.fetchone() is not None
