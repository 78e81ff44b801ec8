"""Running: progress, failures, refusals, retries, stopping, sweeping."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.db import OperationalError, transaction
from django.db.models.functions import Now
from django.utils import timezone, translation

from audit.errors import Refused
from audit.events import sentence
from audit.models import Event
from jobs import doorbell, stopping
from jobs.actions import Run, Swept, cancel_job, claim, execute, run_pending, sweep
from jobs.errors import LeaseLost
from jobs.models import Job
from jobs.rules import retry_delay
from jobs.testing import drain, drain_through_failures, let_lease_pass
from jobs.tests.conftest import AT

pytestmark = pytest.mark.django_db


class ShopRefused(Refused):
    """What a room of the tests refuses."""

    messages: ClassVar[dict[str, str]] = {"SOLD_OUT": "Only %(left)s of %(goods)s are left."}


def three_steps(run: Run) -> dict[str, Any]:
    """Advances three times."""
    for step in range(run.cursor or 0, 3):
        with transaction.atomic():
            run.advance(done=step + 1, total=3, cursor=step + 1)
    return {"sum": Decimal("12.50"), "on": date(2026, 3, 2)}


def claimed() -> Run:
    """The next due job's run."""
    run = claim()
    assert run is not None
    return run


def test_work_moves_progress_and_ends_with_its_result(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(three_steps))
    run = claimed()
    assert (run.job.state, run.token, run.job.attempts) == ("running", 1, 1)
    assert timedelta(seconds=50) < run.job.lease_until - timezone.now() < timedelta(seconds=61)
    outcome = execute(run)
    assert (outcome.job_id, outcome.ending, outcome.failure) == (job.pk, "done", None)
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.cursor) == ("done", 3, 3, 3)
    assert job.result == {"sum": "12.50", "on": "2026-03-02"}
    assert (job.lease_until, job.error_code) == (None, "")
    assert job.created_at < job.started_at <= job.finished_at


def test_a_kind_may_lease_longer(a_job_kind: Callable, queue: Callable) -> None:
    queue(a_job_kind(three_steps, lease_seconds=300))
    assert timedelta(seconds=290) < claimed().job.lease_until - timezone.now() < timedelta(seconds=301)


def test_the_oldest_job_is_taken_first_and_each_once(a_job_kind: Callable, queue: Callable) -> None:
    jobs = [queue(a_job_kind(three_steps)) for _n in range(3)]
    runs = [claim(), claim(), claim(), claim()]
    assert [run and run.job.pk for run in runs] == [*(job.pk for job in jobs), None]


@pytest.mark.django_db(transaction=True)
def test_advance_outside_a_transaction_is_a_mistake(a_job_kind: Callable, queue: Callable) -> None:
    queue(a_job_kind(three_steps))
    with pytest.raises(RuntimeError, match="advance belongs into the transaction of its step"):
        claimed().advance(done=1)


def test_a_refusal_ends_the_job_at_once_in_the_readers_language(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        raise ShopRefused("SOLD_OUT", left=Decimal("3"), goods="card 6222021234567890123")

    job = queue(a_job_kind(work))
    outcomes = drain()
    assert [outcome.ending for outcome in outcomes] == ["failed"]
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error_code) == ("failed", 1, "SOLD_OUT")
    assert job.error_facts == {"left": "3", "goods": "card ***"}
    assert job.error == job.error_sentence == "Only 3 of card *** are left."
    ShopRefused.messages["SOLD_OUT"] = "仅剩%(left)s件%(goods)s。"
    assert job.error_sentence == "仅剩3件card ***。"
    ShopRefused.messages["SOLD_OUT"] = "Only %(left)s of %(goods)s are left."
    assert Event.objects.get(verb="job.failed").data["code"] == "SOLD_OUT"


def test_a_failure_is_recorded_even_if_a_fact_is_a_number_of_a_person(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        raise ShopRefused("SOLD_OUT", left=3, goods=6222021234567890123)

    job = queue(a_job_kind(work))
    assert [outcome.ending for outcome in drain()] == ["failed"]
    event = Event.objects.get(verb="job.failed", subject_id=str(job.pk))
    assert event.data["facts"] == {"left": 3, "goods": "***"}
    assert sentence(event).endswith("Only 3 of *** are left.")


def test_a_refusal_that_nobody_knows_any_more_keeps_its_sentence(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        raise ShopRefused("SOLD_OUT", left=3, goods="tea")

    job = queue(a_job_kind(work))
    drain()
    Job.objects.filter(pk=job.pk).update(error_source="shops.errors.Gone")
    job.refresh_from_db()
    assert job.error_sentence == "Only 3 of tea are left."


def test_a_failure_of_ours_waits_and_is_tried_again_until_its_attempts_are_used_up(
    a_job_kind: Callable, queue: Callable
) -> None:
    def work(run: Run) -> None:
        raise ZeroDivisionError("客户张三 110101194912310021")

    job = queue(a_job_kind(work, max_attempts=3))
    for attempt in (1, 2):
        assert [outcome.ending for outcome in run_pending()] == ["retried"]
        job.refresh_from_db()
        wait = job.run_after - timezone.now()
        assert retry_delay(attempt, job_id=job.pk) - timedelta(seconds=3) < wait <= retry_delay(attempt, job_id=job.pk)
        assert (job.state, job.attempts, job.error_code, job.lease_until) == ("queued", attempt, "STEP_FAILED", None)
        assert claim() is None
        Job.objects.filter(pk=job.pk).update(run_after=Now() - timedelta(seconds=1))
    assert [outcome.ending for outcome in run_pending()] == ["failed"]
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 3)
    with translation.override("en"):
        assert job.error_sentence.startswith(
            "The work stopped unexpectedly (ZeroDivisionError in jobs.tests.test_run:"
        )
    assert "张三" not in job.error
    assert "1101" not in str(job.error_facts)


def test_logs_of_a_failure_name_no_values(
    a_job_kind: Callable, queue: Callable, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture
) -> None:
    def work(run: Run) -> None:
        raise ValueError("客户张三 110101194912310021")

    queue(a_job_kind(work))
    run_pending()
    said = capsys.readouterr()
    everything = caplog.text + said.out + said.err
    assert "jobs.step_failed" in everything
    assert "ValueError" in everything
    assert "张三" not in everything
    assert "110101" not in everything


def test_progress_gives_attempts_back_but_going_over_old_ground_does_not(a_job_kind: Callable, queue: Callable) -> None:
    reached: list[int] = []

    def one_step_then_fail(run: Run) -> None:
        step = (run.cursor or 0) + 1
        with transaction.atomic():
            run.advance(done=step, cursor=step)
        reached.append(step)
        if step < 6:
            raise OSError

    def same_step_then_fail(run: Run) -> None:
        with transaction.atomic():
            run.advance(done=0)
        with transaction.atomic():
            run.advance(done=1)
        raise OSError

    forward, back = queue(a_job_kind(one_step_then_fail, max_attempts=2)), queue(a_job_kind(same_step_then_fail))
    drain_through_failures()
    forward.refresh_from_db()
    back.refresh_from_db()
    assert (forward.state, forward.attempts, reached) == ("done", 1, [1, 2, 3, 4, 5, 6])
    assert (back.state, back.attempts, back.fencing_token) == ("failed", 5, 5)


def test_steps_side_by_side_say_by_how_much_more_is_done(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        for more in (30, 20, 50):
            with transaction.atomic():
                run.advance(more=more, total=100)

    job = queue(a_job_kind(work))
    drain()
    job.refresh_from_db()
    assert (job.done, job.total, job.furthest, job.attempts) == (100, 100, 100, 1)


def test_more_counts_from_where_the_row_is_and_gives_attempts_back_only_beyond_the_furthest(
    a_job_kind: Callable, queue: Callable
) -> None:
    job = queue(a_job_kind(three_steps))
    run = claimed()
    Job.objects.filter(pk=job.pk).update(done=40, furthest=60, attempts=3)
    seen = []
    for more in (20, 1):
        with transaction.atomic():
            run.advance(more=more)
        job.refresh_from_db()
        seen.append((job.done, job.furthest, job.attempts))
    assert seen == [(60, 60, 3), (61, 61, 1)]


def test_a_failed_step_rolls_back_with_its_progress(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        with transaction.atomic():
            run.advance(done=1, cursor=1)
        with transaction.atomic():
            run.advance(done=2, cursor=2)
            raise OSError

    job = queue(a_job_kind(work, max_attempts=1))
    drain_through_failures()
    job.refresh_from_db()
    assert (job.state, job.done, job.cursor) == ("failed", 1, 1)


def test_a_result_that_json_cannot_say_is_a_failure_of_ours(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(lambda run: {"bad": object()}, max_attempts=1))
    assert [outcome.ending for outcome in run_pending()] == ["failed"]
    job.refresh_from_db()
    assert (job.error_code, job.error_facts["error"]) == ("STEP_FAILED", "TypeError")


def test_a_lost_database_is_tried_again(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        raise OperationalError("server closed the connection")

    job = queue(a_job_kind(work))
    assert [outcome.ending for outcome in run_pending()] == ["retried"]
    job.refresh_from_db()
    assert job.error_facts["error"] == "OperationalError"


def test_a_process_that_shuts_down_gives_the_lease_back_without_counting_the_attempt(
    a_job_kind: Callable, queue: Callable
) -> None:
    def work(run: Run) -> None:
        for step in range(run.cursor or 0, 4):
            run.check_stop()
            with transaction.atomic():
                run.advance(done=step + 1, cursor=step + 1)
            if step == 1:
                stopping.request_stop()

    job = queue(a_job_kind(work))
    assert [outcome.ending for outcome in run_pending()] == ["given_back"]
    job.refresh_from_db()
    assert (job.state, job.attempts, job.done, job.lease_until, job.run_after) == ("queued", 0, 2, None, None)
    stopping.forget()
    drain()
    job.refresh_from_db()
    assert (job.state, job.done, job.fencing_token) == ("done", 4, 2)


def test_a_process_ended_from_outside_gives_the_lease_back_and_ends(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        raise SystemExit(0)

    job = queue(a_job_kind(work))
    with pytest.raises(SystemExit):
        run_pending()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)


def test_a_zombie_with_an_old_token_can_neither_advance_nor_end_the_job(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(three_steps))
    zombie = claimed()
    let_lease_pass(job)
    assert sweep(at=AT) == Swept(requeued=1)
    with pytest.raises(LeaseLost), transaction.atomic():
        zombie.advance(done=1)
    with pytest.raises(LeaseLost):
        zombie.check_stop()
    heir = claimed()
    assert (heir.token, zombie.token) == (2, 1)
    with pytest.raises(LeaseLost), transaction.atomic():
        zombie.advance(done=1)
    assert execute(zombie).ending == "lost"
    job.refresh_from_db()
    assert (job.state, job.done, job.fencing_token) == ("running", 0, 2)
    assert execute(heir).ending == "done"


def test_the_sweep_leaves_live_leases_alone(a_job_kind: Callable, queue: Callable) -> None:
    queue(a_job_kind(three_steps))
    claimed()
    assert sweep(at=AT) == Swept()


def test_the_sweep_fails_a_job_whose_workers_die_each_time(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(three_steps, max_attempts=2))
    claimed()
    let_lease_pass(job)
    assert sweep(at=AT) == Swept(requeued=1)
    claimed()
    let_lease_pass(job)
    assert sweep(at=AT) == Swept(failed=1)
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "WORKER_LOST")
    with translation.override("en"):
        assert job.error_sentence == (
            "The worker ended or hung in the middle of a step (attempt 2 of 2 without progress)."
        )
    assert Event.objects.get(verb="job.failed").actor == "system:sweep"


def test_the_sweep_ends_a_cancelled_job_whose_worker_died(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(three_steps))
    claimed()
    cancel_job(job, by="system:test", at=AT)
    let_lease_pass(job)
    assert sweep(at=AT) == Swept(cancelled=1)
    job.refresh_from_db()
    assert (job.state, job.lease_until) == ("cancelled", None)


def test_the_sweep_rings_for_jobs_whose_ring_was_lost_once_per_half_minute_and_bounded(
    a_job_kind: Callable, queue: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(doorbell.current_app, "send_task", lambda name, args, **options: rung.extend(args))
    jobs = [queue(a_job_kind(three_steps)) for _n in range(4)]
    assert sweep(at=AT) == Swept()
    Job.objects.update(rung_at=Now() - timedelta(seconds=31))
    assert sweep(at=AT, limit=3) == Swept(rung=3)
    assert sweep(at=AT, limit=3) == Swept(rung=1)
    assert sweep(at=AT, limit=3) == Swept()
    assert rung == [job.pk for job in jobs]


def test_the_sweep_rings_for_a_failed_step_only_when_its_wait_is_over(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        raise OSError

    job = queue(a_job_kind(work))
    run_pending()
    Job.objects.filter(pk=job.pk).update(rung_at=Now() - timedelta(seconds=31))
    assert sweep(at=AT) == Swept()
    Job.objects.filter(pk=job.pk).update(run_after=Now() - timedelta(seconds=1))
    assert sweep(at=AT) == Swept(rung=1)


def test_run_jobs_drains_what_is_due(a_job_kind: Callable, queue: Callable, capsys: pytest.CaptureFixture) -> None:
    job = queue(a_job_kind(three_steps))
    call_command("run_jobs", "--drain")
    assert capsys.readouterr().out.splitlines()[-1] == f"{job.pk} {job.kind} done"


def test_drain_raises_what_the_work_raised(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        raise ZeroDivisionError("here")

    queue(a_job_kind(work))
    with pytest.raises(ZeroDivisionError, match="here"):
        drain()
