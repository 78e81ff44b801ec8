"""Queueing, cancelling and running again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.utils import translation
from kombu.exceptions import OperationalError

from audit.models import Event
from jobs import doorbell, stopping
from jobs.actions import Run, cancel_job, claim, enqueue, execute, retry_job, run_pending
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.testing import drain
from jobs.tests.conftest import AT, Office

pytestmark = pytest.mark.django_db


def nothing(run: Run) -> None:
    """Work that is done at once."""


def test_a_queued_job_holds_its_scope_and_waits(a_job_kind: Callable, queue: Callable, subject: ContentType) -> None:
    kind = a_job_kind(nothing, title="Check a roster", max_attempts=4, unit="chunks")
    job = queue(kind, program_id=3, total=12)
    assert job.state == "queued"
    assert (job.organization_id, job.organization_path, job.region_code, job.program_id) == (5, "/1/5/", "441602", 3)
    assert (job.subject_type, job.subject_id) == ("contenttypes.contenttype", str(subject.pk))
    assert (job.done, job.total, job.unit, job.max_attempts, job.fencing_token) == (0, 12, "chunks", 4, 0)
    assert (job.created_by_id, job.created_by_label, job.created_at) == (None, "system:test", AT)
    assert list(Job.objects.about(subject)) == [job]
    assert str(job) == f"Check a roster {job.pk}"
    event = Event.objects.get(verb="job.queued")
    assert (event.subject_id, event.organization_path, event.region_code, event.program_id) == (
        str(job.pk), "/1/5/", "441602", 3,
    )


def test_an_unknown_kind_is_refused(queue: Callable) -> None:
    with pytest.raises(JobsRefused) as refused:
        queue("tests.nobody_declares")
    assert refused.value.code == "KIND_UNKNOWN"


def test_personal_arguments_are_refused_and_nothing_is_queued(a_job_kind: Callable, queue: Callable) -> None:
    with pytest.raises(JobsRefused):
        queue(a_job_kind(nothing), arguments={"name": "张三"})
    assert Job.objects.count() == 0
    assert Event.objects.count() == 0


def test_the_database_refuses_a_document_number_in_arguments(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(nothing))
    with pytest.raises(IntegrityError, match="job_arguments_hold_no_personal_number"), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(arguments={"document": "110101194912310021"})


def test_one_kind_waits_once_for_one_subject_and_again_after_its_end(a_job_kind: Callable, queue: Callable) -> None:
    kind, other = a_job_kind(nothing, title="Check a roster"), a_job_kind(nothing)
    queue(kind)
    queue(other)
    with pytest.raises(JobsRefused) as refused:
        queue(kind)
    assert refused.value.code == "ALREADY_LIVE"
    with translation.override("en"):
        assert str(refused.value) == "“Check a roster” is already waiting or running for this object."
    drain()
    assert queue(kind).state == "queued"


def test_work_of_the_portal_itself_has_no_subject_and_runs_one_at_a_time(a_job_kind: Callable, queue: Callable) -> None:
    kind = a_job_kind(nothing)
    job = queue(kind, subject=None, organization=None, region_code="")
    assert (job.subject_type, job.subject_id, job.subject_text, job.organization_path) == ("", "", "", "")
    with pytest.raises(JobsRefused):
        queue(kind, subject=None, organization=None, region_code="")


def test_rolled_back_callers_queue_nothing_and_ring_nobody(
    a_job_kind: Callable, queue: Callable, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(doorbell.current_app, "send_task", lambda *given, **options: rung.append(given))
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError), transaction.atomic():
        queue(a_job_kind(nothing))
        raise RuntimeError
    assert Job.objects.count() == 0
    assert rung == []


def test_the_worker_is_rung_with_the_id_alone_when_the_caller_commits(
    a_job_kind: Callable, queue: Callable, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(doorbell.current_app, "send_task", lambda name, **options: rung.append((name, options)))
    with django_capture_on_commit_callbacks(execute=True):
        job = queue(a_job_kind(nothing))
        assert rung == []
    assert rung == [
        ("jobs.ring", {"args": [job.pk], "countdown": None, "expires": 60.0, "ignore_result": True, "retry": False})
    ]


@pytest.mark.parametrize("error", [OperationalError("no broker"), ConnectionRefusedError("no broker")])
def test_a_broker_that_is_down_costs_the_caller_nothing(
    a_job_kind: Callable, queue: Callable, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any,
    error: Exception,
) -> None:
    def refuse(*given: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(doorbell.current_app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        job = queue(a_job_kind(nothing))
    assert [outcome.job_id for outcome in run_pending()] == [job.pk]
    job.refresh_from_db()
    assert job.state == "done"


def test_a_waiting_job_is_cancelled_at_once_and_runs_again_by_hand(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(nothing))
    job = cancel_job(job, by="system:test", at=AT)
    assert (job.state, job.finished_at is None) == ("cancelled", False)
    assert run_pending() == []
    job = retry_job(job, by="system:test", at=AT)
    assert (job.state, job.attempts, job.finished_at) == ("queued", 0, None)
    drain()
    job.refresh_from_db()
    assert job.state == "done"
    assert list(Event.objects.order_by("id").values_list("verb", flat=True)) == [
        "job.queued", "job.cancelled", "job.run_again", "job.done",
    ]


def test_a_running_job_is_cancelled_at_its_next_step_and_goes_on_from_there(
    a_job_kind: Callable, queue: Callable
) -> None:
    steps: list[int] = []

    def work(run: Run) -> None:
        for step in range((run.cursor or 0) + 1, 5):
            run.check_stop()
            with transaction.atomic():
                run.advance(done=step, cursor=step)
            steps.append(step)
            if steps == [1, 2]:
                cancel_job(run.job, by="system:test", at=AT)

    job = queue(a_job_kind(work))
    assert [outcome.ending for outcome in run_pending()] == ["cancelled"]
    job.refresh_from_db()
    assert (job.state, job.done, job.cursor, job.lease_until, job.stop_requested) == ("cancelled", 2, 2, None, True)
    retry_job(job, by="system:test", at=AT)
    drain()
    assert steps == [1, 2, 3, 4]


def test_cancelling_twice_or_after_the_end_is_refused(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(nothing))
    run = claim()
    assert run is not None
    cancel_job(job, by="system:test", at=AT)
    with pytest.raises(JobsRefused) as refused:
        cancel_job(job, by="system:test", at=AT)
    assert refused.value.code == "STOPPING"
    execute(run)
    with pytest.raises(JobsRefused) as refused:
        cancel_job(job, by="system:test", at=AT)
    assert refused.value.code == "NOT_LIVE"


def test_only_failed_and_cancelled_jobs_run_again_and_never_beside_a_live_one(
    a_job_kind: Callable, queue: Callable
) -> None:
    kind = a_job_kind(nothing)
    first = queue(kind)
    with pytest.raises(JobsRefused) as refused:
        retry_job(first, by="system:test", at=AT)
    assert refused.value.code == "NOT_ENDED"
    cancel_job(first, by="system:test", at=AT)
    queue(kind)
    with pytest.raises(JobsRefused) as refused:
        retry_job(first, by="system:test", at=AT)
    assert refused.value.code == "ALREADY_LIVE"
    first.refresh_from_db()
    assert first.state == "cancelled"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "lost"}, "job_state_known_and_ended_since"),
        ({"state": "running"}, "job_lease_while_running"),
        ({"lease_until": AT}, "job_lease_while_running"),
        ({"state": "done"}, "job_state_known_and_ended_since"),
        ({"finished_at": AT}, "job_state_known_and_ended_since"),
        ({"done": 13}, "job_done_within_total"),
        ({"done": -1}, "job_done_within_total"),
        ({"attempts": 6}, "job_attempts_are_bounded"),
        ({"state": "failed", "finished_at": AT}, "job_failure_says_why"),
        ({"stop_requested": True}, "job_stop_only_while_running_or_cancelled"),
        ({"subject_id": ""}, "job_subject_named_whole"),
        ({"error": "110101194912310021"}, "job_error_holds_no_personal_number"),
    ],
)
def test_the_database_refuses_impossible_jobs(
    a_job_kind: Callable, queue: Callable, change: dict[str, Any], constraint: str
) -> None:
    job = queue(a_job_kind(nothing), total=12)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**change)


def test_every_state_is_kept_as_history_and_progress_is_not(a_job_kind: Callable, queue: Callable) -> None:
    def work(run: Run) -> None:
        for step in range(1, 6):
            with transaction.atomic():
                run.advance(done=step)

    job = queue(a_job_kind(work))
    drain()
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM jobs_jobevent WHERE id = %s ORDER BY pgh_id", [job.pk])
        assert [state for (state,) in cursor.fetchall()] == ["queued", "running", "done"]


def test_a_process_that_shuts_down_begins_no_job(a_job_kind: Callable, queue: Callable) -> None:
    queue(a_job_kind(nothing))
    stopping.request_stop()
    assert run_pending() == []


def test_jobs_of_kinds_this_version_does_not_know_stay_waiting(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(nothing))
    Job.objects.filter(pk=job.pk).update(kind="tests.of_tomorrow")
    assert claim() is None
    assert claim(job_id=job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.title) == ("queued", "tests.of_tomorrow")


def test_enqueue_takes_a_user_by_name_and_number(a_job_kind: Callable, subject: ContentType) -> None:
    # Any model row stands for a user here: this room does not know accounts.
    job = enqueue(
        a_job_kind(nothing), arguments={}, subject=subject, organization=Office(), region_code="", by=subject, at=AT
    )
    assert (job.created_by_id, job.created_by_label) == (subject.pk, str(subject))
