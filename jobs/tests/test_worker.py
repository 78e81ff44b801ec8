"""Real worker processes: killed in mid-job, told to stop, fed by a broker that lost everything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import testing
from jobs.actions import sweep
from jobs.models import Job
from jobs.tests.conftest import AT
from jobs.tests.kinds import STEPS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PATIENCE = 40


def environment(broker: Path) -> dict[str, str]:
    """This process's settings, with the test database and a broker in a folder."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    return {
        **os.environ,
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
        "CELERY_BROKER_URL": f"filesystem://{broker}",
    }


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts Celery processes in sessions of their own; ends by their ids what a test left running."""
    broker = tmp_path / "broker"
    broker.mkdir()
    started: list[subprocess.Popen] = []

    def run(*arguments: str) -> subprocess.Popen:
        log = (tmp_path / f"celery-{len(started)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "portal.celery", *arguments], cwd=settings.BASE_DIR,
            env=environment(broker), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait(PATIENCE)


def worker(start: Callable[..., subprocess.Popen]) -> subprocess.Popen:
    """A worker with two threads that knows the test kinds."""
    return start("worker", "-P", "threads", "-c", "2", "-I", "jobs.tests.kinds", "-l", "WARNING", "--without-mingle")


def until(fact: Callable[[], bool], what: str) -> float:
    """Wait for a fact; the seconds it took."""
    began = time.monotonic()
    while not fact():
        if time.monotonic() - began > PATIENCE:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - began


def state_of(job: Job) -> str:
    """As the database says now."""
    job.refresh_from_db()
    return job.state


def progressed(job: Job, steps: int) -> Callable[[], bool]:
    """Whether a job has committed this many steps."""

    def has() -> bool:
        job.refresh_from_db()
        return job.done >= steps

    return has


def free(job: Job) -> bool:
    """Whether no other transaction holds the job's row."""
    with transaction.atomic():
        return Job.objects.select_for_update(skip_locked=True).filter(pk=job.pk).first() is not None


def ring_all(start: Callable[..., subprocess.Popen]) -> None:
    """One sweep in the worker's world: rings go through its broker."""
    start("call", "jobs.sweep").wait(PATIENCE)


def test_a_worker_killed_in_mid_job_is_followed_by_one_that_goes_on_at_the_cursor(
    start: Callable[..., subprocess.Popen], queue: Callable, effects: Callable[[], list[int]]
) -> None:
    job = queue("tests.stroll")
    Job.objects.update(rung_at=None)
    doomed = worker(start)
    ring_all(start)
    until(progressed(job, 3), "three steps")
    doomed.send_signal(signal.SIGKILL)
    doomed.wait(PATIENCE)
    job.refresh_from_db()
    stood_at = job.done
    assert (job.state, 3 <= stood_at < STEPS, job.fencing_token) == ("running", True, 1)
    assert effects() == list(range(1, stood_at + 1))

    worker(start)
    testing.let_lease_pass(job)
    ring_all(start)
    until(lambda: state_of(job) == "done", "the second worker ends the job")
    assert (job.done, job.fencing_token, job.resumed_from, job.result) == (STEPS, 2, stood_at, {"steps": STEPS})
    assert effects() == list(range(1, STEPS + 1))


def test_a_worker_told_to_stop_gives_its_lease_back_and_is_gone_within_five_seconds(
    start: Callable[..., subprocess.Popen], queue: Callable, effects: Callable[[], list[int]]
) -> None:
    job = queue("tests.stroll")
    Job.objects.update(rung_at=None)
    process = worker(start)
    ring_all(start)
    until(progressed(job, 2), "two steps")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert time.monotonic() - began < 5
    job.refresh_from_db()
    assert (job.state, job.attempts, job.lease_until, job.done < STEPS) == ("queued", 0, None, True)
    assert effects() == list(range(1, job.done + 1))


def test_beat_writes_the_sweep_into_its_table_and_an_emptied_broker_loses_no_job(
    start: Callable[..., subprocess.Popen], queue: Callable, effects: Callable[[], list[int]], tmp_path: Path
) -> None:
    job = queue("tests.walk")
    # The ring went to another broker, as if this one had been emptied since.
    Job.objects.update(rung_at=None)
    worker(start)
    start("beat", "-l", "WARNING", "--pidfile=", "--max-interval=1")
    until(lambda: PeriodicTask.objects.filter(name="jobs.sweep").exists(), "beat knows the sweep")
    entry = PeriodicTask.objects.get(name="jobs.sweep")
    assert (entry.task, entry.interval.every, entry.interval.period) == ("jobs.sweep", 20, "seconds")
    # Twenty seconds are long for a test.
    entry.interval = IntervalSchedule.objects.create(every=1, period="seconds")
    entry.save()
    until(lambda: state_of(job) == "done", "the swept job")
    assert effects() == list(range(1, STEPS + 1))


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has its own handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def test_run_jobs_stops_at_sigterm_within_five_seconds(
    start: Callable[..., subprocess.Popen], queue: Callable, effects: Callable[[], list[int]], tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_jobs"], cwd=settings.BASE_DIR, env=environment(tmp_path),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )
    try:
        until(lambda: catches(process.pid, signal.SIGTERM), "the command listens to SIGTERM")
        assert process.poll() is None
        began = time.monotonic()
        process.terminate()
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - began < 5
    finally:
        if process.poll() is None:
            process.kill()


def test_a_sweep_in_this_process_does_not_need_a_broker(queue: Callable) -> None:
    queue("tests.walk")
    Job.objects.update(rung_at=None)
    assert sweep(at=AT).rung == 1


@pytest.mark.parametrize(
    "point",
    ["jobs.claim.locked", "jobs.claim.after", "jobs.advance.before", "jobs.advance.after", "jobs.finish.before",
     "jobs.finish.after", "audit.record.after"],
)
def test_a_process_killed_at_a_point_leaves_each_step_done_once(
    queue: Callable, effects: Callable[[], list[int]], tmp_path: Path, point: str
) -> None:
    job = queue("tests.walk")
    program = (
        "import django; django.setup(); import jobs.tests.kinds; "
        "from django.core.management import call_command; call_command('run_jobs', '--drain')"
    )
    died = subprocess.run(
        [sys.executable, "-c", program], cwd=settings.BASE_DIR, check=False, timeout=PATIENCE,
        env={**environment(tmp_path), "FAULT_POINT": point, "FAULT_MODE": "kill"},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    assert died.returncode == -signal.SIGKILL
    # The server notices the dead client and rolls its transaction back a moment later.
    until(lambda: free(job), "the row is free")
    testing.let_lease_pass(job)
    sweep(at=AT)
    testing.drain()
    assert (state_of(job), job.result) == ("done", {"steps": STEPS})
    assert effects() == list(range(1, STEPS + 1))
