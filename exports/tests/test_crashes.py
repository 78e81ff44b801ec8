"""A real worker, killed by SIGKILL in the middle of an export: the next one goes on, and the file is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from beneficiaries.testing import make_world
from exports import writing
from exports.models import Export
from exports.tests.conftest import enrolled
from exports.tests.test_writing import asked, file_of, kept_files, written
from jobs.models import Job
from jobs.testing import let_lease_pass
from portal.verify import check_all

POINTS = (
    "intake.store.saved", "exports.step.before", "jobs.advance.after", "exports.step.after", "exports.finish.before",
    "exports.finish.after", "jobs.finish.after",
)


def worker(**environment: str) -> int:
    """Run a worker on this test's database; how it ended."""
    server, _slash, _name = os.environ["DATABASE_URL"].partition("?")[0].rpartition("/")
    query = os.environ["DATABASE_URL"].partition("?")[2]
    address = f"{server}/{connection.settings_dict['NAME']}" + (f"?{query}" if query else "")
    done = subprocess.run(
        [sys.executable, "-m", "exports.tests.crash_program"], cwd=settings.BASE_DIR, check=False, capture_output=True, text=True,
        env={**os.environ, "DATABASE_URL": address, **environment}, timeout=300,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-2000:]
    return done.returncode


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_anywhere_leaves_a_file_that_the_next_one_completes(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "STEP_ROWS", 4)
    world = make_world()
    enrolled(world, 10)
    whole = written(asked(world.clerk))
    wanted = file_of(whole, world.clerk)
    for point in POINTS:
        made = asked(world.clerk)
        assert worker(FAULT_POINT=point, FAULT_MODE="kill") == -signal.SIGKILL, point
        job = Job.objects.get(kind="exports.write", subject_id=str(made.pk))
        assert job.state == "running", point
        let_lease_pass(job)
        Job.objects.filter(pk=job.pk).update(state="queued", lease_until=None)
        assert worker() == 0
        made = Export.objects.get(pk=made.pk)
        assert (made.state, made.rows, made.sha256, made.parts.count()) == ("ready", 10, whole.sha256, 3), point
        assert file_of(made, world.clerk) == wanted, point
        assert len(kept_files(made)) in (3, 4), point
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []
