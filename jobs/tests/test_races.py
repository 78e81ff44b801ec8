"""Two connections at once: claims, zombies, queueing, and every fault point of a run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from audit.testing import FULL_SWEEP, Stepper
from audit.testing import sweep as sweep_faults
from jobs import testing
from jobs.actions import Run, cancel_job, claim, enqueue, execute, run_pending, sweep
from jobs.errors import JobsRefused, LeaseLost
from jobs.models import Job
from jobs.tests.conftest import AT, Office
from jobs.tests.kinds import STEPS, leave_effect, walk

pytestmark = pytest.mark.django_db(transaction=True)


def nothing(run: Run) -> None:
    """Work that is done at once."""


def test_of_two_claimers_one_wins_and_the_other_goes_away_at_once(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(nothing))
    with Stepper() as stepper:
        first = stepper.start(lambda: claim(job_id=job.pk), stop_at="jobs.claim.locked")
        second = stepper.start(lambda: claim(job_id=job.pk))
        assert second.result() is None
        first.go_on()
        assert first.result().token == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.fencing_token) == ("running", 1, 1)


def test_two_claimers_of_any_job_take_two_different_ones(a_job_kind: Callable, queue: Callable) -> None:
    jobs = [queue(a_job_kind(nothing)) for _n in range(2)]
    with Stepper() as stepper:
        first = stepper.start(claim, stop_at="jobs.claim.locked")
        second = stepper.start(claim)
        taken_second = second.result().job.pk
        first.go_on()
        assert [first.result().job.pk, taken_second] == [job.pk for job in jobs]


def test_a_zombie_that_wakes_after_its_heir_took_over_rolls_its_step_back(queue: Callable, effects: Callable) -> None:
    job = queue("tests.walk")
    zombie = claim()
    assert zombie is not None
    with Stepper() as stepper:
        hanging = stepper.start(lambda: leave_effect(zombie, 1), stop_at="jobs.advance.before")
        testing.let_lease_pass(job)
        assert sweep(at=AT).requeued == 1
        heir = claim()
        assert heir is not None
        leave_effect(heir, 1)
        hanging.go_on()
        assert isinstance(hanging.error(), LeaseLost)
    assert effects() == [1]
    assert execute(heir).ending == "done"
    assert effects() == list(range(1, STEPS + 1))


def test_a_step_that_has_advanced_holds_the_sweep_off_until_it_commits(queue: Callable, effects: Callable) -> None:
    job = queue("tests.walk")
    run = claim()
    assert run is not None
    testing.let_lease_pass(job)
    with Stepper() as stepper:
        late = stepper.start(lambda: leave_effect(run, 1), stop_at="jobs.advance.after")
        assert sweep(at=AT).requeued == 0
        late.go_on()
        late.result()
    job.refresh_from_db()
    assert (job.state, job.done, effects()) == ("running", 1, [1])
    assert sweep(at=AT).requeued == 0


def test_queueing_twice_at_once_gives_one_live_job(a_job_kind: Callable, subject: ContentType) -> None:
    kind = a_job_kind(nothing)

    def queue_one() -> Job:
        return enqueue(
            kind, arguments={}, subject=subject, organization=Office(), region_code="", by="system:test", at=AT
        )

    with Stepper() as stepper:
        first = stepper.start(queue_one, stop_at="jobs.enqueue.after")
        second = stepper.start(queue_one)
        assert second.waits()
        first.go_on()
        job = first.result()
        refused = second.error()
    assert isinstance(refused, JobsRefused)
    assert refused.code == "ALREADY_LIVE"
    assert list(Job.objects.live()) == [job]


def test_cancelling_while_a_worker_claims_is_seen_by_that_worker(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        run.check_stop()

    job = queue(a_job_kind(work))
    with Stepper() as stepper:
        claiming = stepper.start(lambda: claim(job_id=job.pk), stop_at="jobs.claim.locked")
        cancelling = stepper.start(lambda: cancel_job(job, by="system:test", at=AT))
        assert cancelling.waits()
        claiming.go_on()
        run = claiming.result()
        assert cancelling.result().state == "running"
    assert execute(run).ending == "cancelled"
    job.refresh_from_db()
    assert (job.state, job.stop_requested) == ("cancelled", True)


def test_four_workers_on_twenty_jobs_run_each_once(a_job_kind: Callable, subject: ContentType) -> None:
    ran: list[int] = []
    kind = a_job_kind(lambda run: ran.append(run.job.pk))
    jobs = []
    for number in range(20):
        kept = ContentType.objects.create(app_label="tests", model=f"subject{number}")
        with transaction.atomic():
            jobs.append(
                enqueue(kind, arguments={}, subject=kept, organization=None, region_code="", by="system:test", at=AT)
            )
    with Stepper() as stepper:
        workers = [stepper.start(run_pending) for _n in range(4)]
        assert sum(len(worker.result()) for worker in workers) == 20
    assert sorted(ran) == [job.pk for job in jobs]
    assert set(Job.objects.values_list("state", "fencing_token")) == {("done", 1)}


@pytest.mark.parametrize("mode", ["raise", "disconnect"])
def test_a_fault_at_any_point_leaves_each_step_done_once(effects: Callable, subject: ContentType, mode: str) -> None:
    def work_until_done() -> None:
        job = Job.objects.first() or enqueue(
            "tests.walk", arguments={}, subject=subject, organization=Office(), region_code="", by="system:test", at=AT
        )
        for _round in range(10):
            testing.let_lease_pass(job)
            sweep(at=AT)
            testing.drain_through_failures()
            if not Job.objects.exclude(state="done").exists():
                break

    def all_is_well(k: int) -> None:
        work_until_done()
        job = Job.objects.get()
        assert (job.state, job.done, job.total, job.result) == ("done", STEPS, STEPS, {"steps": STEPS}), k
        assert effects() == list(range(1, STEPS + 1)), k
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE jobs_test_effect")
        Job.objects.all().delete()

    # The short form strikes every third point, each mode its own.
    first, step = (1, 1) if FULL_SWEEP else (1 if mode == "raise" else 2, 3)
    struck = sweep_faults(work_until_done, check=all_is_well, mode=mode, first=first, step=step)
    assert struck >= (2 * STEPS + 8) // step


def test_the_walk_declares_itself() -> None:
    assert walk.__module__ == "jobs.tests.kinds"
