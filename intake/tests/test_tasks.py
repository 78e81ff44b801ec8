"""The daily job that ends files: what is due goes, what is held stays, a killed run is gone on with."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from audit.faults import PlantedFault
from audit.models import Event
from audit.testing import fault_at
from beneficiaries.models import Roster
from beneficiaries.testing import World, make_world, people, uploaded
from intake import storage, tasks
from intake.actions import receive_file
from intake.models import File
from jobs.models import Job
from jobs.testing import drain, drain_through_failures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def an_empty_storage(tmp_path: Path, settings: Any) -> None:
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path / "kept")}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}
    (tmp_path / "kept").mkdir()


@pytest.fixture
def world() -> World:
    return make_world()


def received(world: World, number: int, *, at: datetime) -> File:
    return receive_file(
        io.BytesIO(b"a,b\n%d,2\n" % number), name="名册.csv", organization=world.office, by=world.clerk, at=at
    )


def queued() -> Job:
    """The job, as the scheduler's task queues it."""
    tasks.retention()
    return Job.objects.filter(kind=tasks.KIND).latest("pk")


def test_the_schedule_names_the_task_that_queues_the_job(settings: Any) -> None:
    assert settings.CELERY_BEAT_SCHEDULE["intake.retention"]["task"] == "intake.retention"
    assert "intake.retention" in current_app.tasks


def test_the_days_job_deletes_what_is_due_and_what_nothing_holds_and_keeps_a_rosters_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)
    uploaded(world, people(1))
    drain()
    held = Roster.objects.get().files.get()
    now = timezone.now()
    due = [received(world, number, at=now - timedelta(days=4_000)) for number in range(5)]
    unused = received(world, 7, at=now - timedelta(days=2))
    fresh = received(world, 8, at=now)
    File.objects.filter(pk=held.pk).update(uploaded_at=now - timedelta(days=2))
    job = queued()
    assert (job.subject_type, job.organization_id, job.created_by_label) == ("", None, "system:retention")
    drain()
    job.refresh_from_db()
    assert (job.state, job.done, job.unit, job.result) == ("done", 6, "files", {"purged": 5, "orphans": 1})
    gone = set(File.objects.exclude(purged_at=None).values_list("pk", flat=True))
    assert gone == {unused.pk, *(file.pk for file in due)}
    assert {key for key, _written in storage.kept_keys()} == {held.storage_key, fresh.storage_key}
    assert Event.objects.filter(verb="file.purged").count() == 6


def test_a_second_call_while_the_job_waits_queues_no_second_one(world: World) -> None:
    first = queued()
    assert tasks.queue_removal(at=timezone.now()) is None
    assert list(Job.objects.filter(kind=tasks.KIND)) == [first]
    drain()
    assert queued().pk > first.pk


def test_a_run_killed_in_the_middle_is_gone_on_with_and_says_each_file_once(world: World) -> None:
    files = [received(world, number, at=timezone.now() - timedelta(days=4_000)) for number in range(3)]
    job = queued()
    with fault_at("intake.purge.removed"), pytest.raises(PlantedFault):
        drain()
    drain_through_failures()
    job.refresh_from_db()
    assert (job.state, list(storage.kept_keys())) == ("done", [])
    assert Event.objects.filter(verb="file.purged").count() == len(files)
    assert File.objects.filter(purged_at=None).count() == 0
