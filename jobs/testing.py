"""For the tests of every room: run queued jobs here and now, declare a kind for one test; never used by the portal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db.models.functions import Now

from jobs import stopping
from jobs.actions import Outcome, run_pending
from jobs.models import Job
from jobs.registry import Work, forget_kind, job_kind

#: Rounds after which queued jobs that queue jobs are taken for a circle.
ROUNDS = 200
_numbers = count(1)


def drain() -> list[Outcome]:
    """Run every queued job in this thread, those they queue too, without waiting; raises what a job's work raised.

    A refusal (the user's fault) is an outcome, not raised: see `Job.error_code`.
    """
    outcomes: list[Outcome] = []
    for _round in range(ROUNDS):
        ran = _run_one()
        if ran is None:
            return outcomes
        outcomes.append(ran)
        if ran.failure is not None and ran.ending != "failed":
            raise ran.failure
        if ran.failure is not None and Job.objects.get(pk=ran.job_id).error_code == "STEP_FAILED":
            raise ran.failure
    raise AssertionError(f"jobs are still queued after {ROUNDS} runs")


def drain_through_failures() -> list[Outcome]:
    """The same, but failures are tried again without waiting until they succeed or their attempts are used up."""
    outcomes: list[Outcome] = []
    for _round in range(ROUNDS):
        ran = _run_one()
        if ran is None:
            return outcomes
        outcomes.append(ran)
    raise AssertionError(f"jobs are still queued after {ROUNDS} runs")


def let_lease_pass(job: Job) -> None:
    """Put a running job's lease into the past, as if its worker had died a minute ago."""
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(lease_until=Now() - timedelta(seconds=1))


def _run_one() -> Outcome | None:
    Job.objects.filter(state=Job.State.QUEUED, run_after__isnull=False).update(run_after=None)
    ran = run_pending(limit=1)
    return ran[0] if ran else None


@pytest.fixture
def a_job_kind() -> Iterator[Callable[..., str]]:
    """Declares kinds for one test: `name = a_job_kind(work, max_attempts=2)`."""
    names: list[str] = []

    def declare(work: Work, *, title: str = "Test work", **options: Any) -> str:
        name = f"tests.kind_{next(_numbers)}"
        job_kind(name, title=title, **options)(work)
        names.append(name)
        return name

    yield declare
    for name in names:
        forget_kind(name)
    stopping.forget()
