"""A real worker, killed by SIGKILL in the middle of an export: the next one goes on, and the file is the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from beneficiaries.testing import make_world
from exports import writing
from exports.models import Export
from exports.tests.conftest import enrolled
from exports.tests.test_writing import asked, file_of, kept_files, written
from jobs.models import Job
from jobs.testing import let_lease_pass
from portal.verify import check_all
from tests.kit.nursery import Nursery, nursery

POINTS = (
    "intake.store.saved", "exports.step.before", "jobs.advance.after", "exports.step.after", "exports.finish.before",
    "exports.finish.after", "jobs.finish.after",
)


@pytest.fixture
def workers() -> Iterator[Nursery]:
    """Processes on this test's database."""
    server, _slash, _name = os.environ["DATABASE_URL"].partition("?")[0].rpartition("/")
    query = os.environ["DATABASE_URL"].partition("?")[2]
    address = f"{server}/{connection.settings_dict['NAME']}" + (f"?{query}" if query else "")
    with nursery("exports.tests.crash_program", environment={"DATABASE_URL": address}) as found:
        yield found


def ended(workers: Nursery, **environment: str) -> int:
    """How a worker ended."""
    worker = workers.start("exports.tests.crash_program", environment=environment)
    complaint = worker.communicate(timeout=300)[1]
    assert worker.returncode in (0, -signal.SIGKILL), complaint[-2000:]
    return worker.returncode


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_anywhere_leaves_a_file_that_the_next_one_completes(
    settings: Any, monkeypatch: pytest.MonkeyPatch, workers: Nursery
) -> None:
    monkeypatch.setattr(writing, "STEP_ROWS", 4)
    world = make_world()
    enrolled(world, 10)
    whole = written(asked(world.clerk))
    wanted = file_of(whole, world.clerk)
    for point in POINTS:
        made = asked(world.clerk)
        assert ended(workers, FAULT_POINT=point, FAULT_MODE="kill") == -signal.SIGKILL, point
        job = Job.objects.get(kind="exports.write", subject_id=str(made.pk))
        assert job.state == "running", point
        let_lease_pass(job)
        Job.objects.filter(pk=job.pk).update(state="queued", lease_until=None)
        assert ended(workers) == 0
        made = Export.objects.get(pk=made.pk)
        assert (made.state, made.rows, made.sha256, made.parts.count()) == ("ready", 10, whole.sha256, 3), point
        assert file_of(made, world.clerk) == wanted, point
        assert len(kept_files(made)) in (3, 4), point
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []
