"""Real worker processes: killed in mid-job, told to stop, fed by a broker that lost everything."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from django.db import connection, transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from jobs import testing
from jobs.actions import sweep
from jobs.models import Job
from jobs.tests.conftest import AT
from jobs.tests.kinds import STEPS
from tests.kit.nursery import Child, Nursery, nursery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PATIENCE = 40


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a broker that this module's processes have for their own."""
    return tmp_path_factory.mktemp("broker")


@pytest.fixture(scope="module")
def processes(django_db_setup: None, broker: Path) -> Iterator[Nursery]:
    """Processes with this one's settings, on the test database and the module's broker."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    environment = {
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}", "CELERY_BROKER_URL": f"filesystem://{broker}",
    }
    with nursery("celery.bin.celery", "portal.celery", "jobs.tests.kinds", environment=environment) as found:
        yield found


@pytest.fixture
def start(processes: Nursery, broker: Path) -> Iterator[Callable[..., Child]]:
    """Starts Celery processes on an empty broker; ends by their ids what a test left running."""
    shutil.rmtree(broker)
    broker.mkdir()
    yield partial(processes.start, "celery", "-A", "portal.celery")
    processes.leave()


def worker(start: Callable[..., Child], threads: int = 2) -> Child:
    """A worker that knows the test kinds."""
    return start("worker", "-P", "threads", "-c", str(threads), "-I", "jobs.tests.kinds", "-l", "WARNING", "--without-mingle")


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


def ring_all(start: Callable[..., Child]) -> None:
    """One sweep in the worker's world: rings go through its broker."""
    start("call", "jobs.sweep").wait(PATIENCE)


def test_a_worker_killed_in_mid_job_is_followed_by_one_that_goes_on_at_the_cursor(
    start: Callable[..., Child], queue: Callable, effects: Callable[[], list[int]]
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
    start: Callable[..., Child], queue: Callable, effects: Callable[[], list[int]]
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
    start: Callable[..., Child], queue: Callable, effects: Callable[[], list[int]]
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

    def swept() -> bool:
        # Beat that read its table a moment before it was changed hears of it now, not after the whole twenty seconds.
        PeriodicTasks.update_changed()
        return state_of(job) == "done"

    until(swept, "the swept job")
    assert effects() == list(range(1, STEPS + 1))


def test_a_sweep_finds_a_thread_while_as_many_jobs_run_as_may_and_what_waited_goes_on_after_them(
    start: Callable[..., Child], queue: Callable, effects: Callable[[], list[int]]
) -> None:
    long = [queue("tests.rest"), queue("tests.rest", subject=None)]
    Job.objects.update(rung_at=None)
    worker(start, threads=3)
    ring_all(start)
    until(lambda: all(progressed(job, 1)() for job in long), "two long jobs run")
    late = queue("tests.walk")
    Job.objects.filter(pk=late.pk).update(rung_at=None)
    ring_all(start)
    until(lambda: Job.objects.filter(pk=late.pk, rung_at__isnull=False).exists(), "the sweep has rung for the third")
    assert [state_of(job) for job in (*long, late)] == ["running", "running", "queued"]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO jobs_test_effect (job, step) VALUES (0, 0)")
    until(lambda: [state_of(job) for job in (*long, late)] == ["done"] * 3, "all are done, without another ring")


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has its own handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def test_run_jobs_stops_at_sigterm_within_five_seconds(
    processes: Nursery, start: Callable[..., Child], queue: Callable, effects: Callable[[], list[int]]
) -> None:
    process = processes.start("manage", "run_jobs")
    until(lambda: catches(process.pid, signal.SIGTERM), "the command listens to SIGTERM")
    assert process.poll() is None
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert time.monotonic() - began < 5


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
    processes: Nursery, start: Callable[..., Child], queue: Callable, effects: Callable[[], list[int]], point: str
) -> None:
    job = queue("tests.walk")
    died = processes.start("manage", "run_jobs", "--drain", environment={"FAULT_POINT": point, "FAULT_MODE": "kill"})
    assert died.wait(PATIENCE) == -signal.SIGKILL
    # The server notices the dead client and rolls its transaction back a moment later.
    until(lambda: free(job), "the row is free")
    testing.let_lease_pass(job)
    sweep(at=AT)
    testing.drain()
    assert (state_of(job), job.result) == ("done", {"steps": STEPS})
    assert effects() == list(range(1, STEPS + 1))


def test_a_process_that_fails_says_why(processes: Nursery, start: Callable[..., Child]) -> None:
    """The kit itself: what is started so ends as any other process does."""
    failed = processes.start("manage", "run_jobs", "--unknown")
    said = failed.communicate(timeout=PATIENCE)
    assert (failed.returncode, said[0]) == (2, "")
    assert "unrecognized arguments: --unknown" in said[1]
    raised = processes.start("jobs.tests.none")
    assert "No module named jobs.tests.none" in raised.communicate(timeout=PATIENCE)[1]
    assert raised.returncode == 1 and raised.pid != failed.pid
