"""Runs a claimed job to its end and writes that end down: done, failed in words, to be tried again, given back."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest, Now
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from audit.errors import Refused
from audit.faults import fault_point
from jobs import stopping
from jobs.actions.queue import NO_ERROR, record
from jobs.actions.run import Run, claim, plain
from jobs.doorbell import ring_on_commit
from jobs.errors import JobsRefused, LeaseLost, StopRequested
from jobs.models import Job, source_name
from jobs.rules import retry_delay, without_numbers

WORKER = gettext_noop("system:worker")
log = structlog.get_logger(__name__)


class Ending(StrEnum):
    """How one run of a job ended."""

    DONE = "done"
    FAILED = "failed"
    RETRIED = "retried"
    GIVEN_BACK = "given_back"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True)
class Outcome:
    """One run's end; `failure` is what the work raised, if it raised."""

    job_id: int
    kind: str
    ending: Ending
    failure: BaseException | None = None


def execute(run: Run) -> Outcome:
    """Do a claimed job's work and write down how it ended. Whatever the work raises is settled here, not passed on."""
    attempt = Attempt(run)
    with attempt:
        attempt.result = plain(run.kind.work(run))
    return Outcome(run.job.pk, run.job.kind, attempt.ending, attempt.failure)


def run_pending(limit: int | None = None) -> list[Outcome]:
    """Run due jobs one after another in this process, oldest first, until there is none, or `limit` have run."""
    outcomes: list[Outcome] = []
    while (limit is None or len(outcomes) < limit) and not stopping.is_stopping():
        run = claim()
        if run is None:
            break
        outcomes.append(execute(run))
    return outcomes


class Attempt:
    """A block whose end is the end of the run: it sees what the work raised without catching it by name."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.result: Any = None
        self.ending = Ending.LOST
        self.failure: BaseException | None = None

    def __enter__(self) -> Attempt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.failure = error
        if not connection.in_atomic_block:
            # A dropped connection must not also cost the note of how the run ended.
            connection.close_if_unusable_or_obsolete()
        try:
            self.ending = self._settle(error, trace)
        except LeaseLost:
            self.ending = Ending.LOST
        except (OperationalError, InterfaceError) as unreachable:
            # The row keeps its lease; when that has passed, the sweep sees to it.
            self.ending = Ending.LOST
            log.warning("jobs.not_settled", job=self.run.job.pk, error=type(unreachable).__name__)
        log.info("jobs.run_ended", job=self.run.job.pk, kind=self.run.job.kind, ending=str(self.ending))
        return error is None or isinstance(error, Exception)

    def _settle(self, error: BaseException | None, trace: TracebackType | None) -> Ending:
        if error is None:
            return finish(self.run, self.result)
        if isinstance(error, LeaseLost):
            return Ending.LOST
        if isinstance(error, Refused):
            return fail(self.run, error)
        if isinstance(error, StopRequested) or not isinstance(error, Exception):
            return give_back(self.run)
        # Neither message nor values of ours: a database error repeats the row it refused.
        place = place_of(trace)
        log.error(
            "jobs.step_failed", job=self.run.job.pk, kind=self.run.job.kind, error=type(error).__name__, place=place,
            frames=[f"{frame.f_globals.get('__name__')}:{line}" for frame, line in traceback.walk_tb(trace)],
        )
        return try_again(self.run, JobsRefused("STEP_FAILED", error=type(error).__name__, place=place))


@transaction.atomic
def finish(run: Run, result: Any) -> Ending:
    """Write down that the work is complete."""
    job = locked(run)
    fault_point("jobs.finish.before")
    run.mine().update(
        state=Job.State.DONE, result=result, lease_until=None, finished_at=Now(), stop_requested=False, **NO_ERROR
    )
    record(job, "job.done", by=WORKER, at=timezone.now(), done=job.done)
    fault_point("jobs.finish.after")
    return Ending.DONE


@transaction.atomic
def fail(run: Run, refused: Refused) -> Ending:
    """Write down why the work ended for good."""
    job = locked(run)
    fault_point("jobs.fail.before")
    run.mine().update(
        state=Job.State.FAILED, lease_until=None, finished_at=Now(), stop_requested=False, **as_error(refused)
    )
    record(job, "job.failed", by=WORKER, at=timezone.now(), **why(refused))
    fault_point("jobs.fail.after")
    return Ending.FAILED


@transaction.atomic
def try_again(run: Run, refused: Refused) -> Ending:
    """Queue the work again after a failure of ours, later each time; failed once its attempts are used up."""
    job = locked(run)
    if job.stop_requested:
        return cancel(run, job)
    if job.attempts >= job.max_attempts:
        return fail(run, refused)
    delay = retry_delay(job.attempts, job_id=job.pk)
    fault_point("jobs.try_again.before")
    run.mine().update(
        state=Job.State.QUEUED, lease_until=None, run_after=Now() + delay, rung_at=Now() + delay, **as_error(refused)
    )
    fault_point("jobs.try_again.after")
    ring_on_commit(job.pk, delay=delay)
    return Ending.RETRIED


@transaction.atomic
def give_back(run: Run) -> Ending:
    """Queue the work again without counting the attempt: the process shuts down. Or end it: a person cancelled it."""
    job = locked(run)
    if job.stop_requested:
        return cancel(run, job)
    fault_point("jobs.give_back.before")
    run.mine().update(
        state=Job.State.QUEUED, lease_until=None, run_after=None, rung_at=Now(),
        attempts=Greatest(F("attempts") - 1, Value(0)),
    )
    fault_point("jobs.give_back.after")
    ring_on_commit(job.pk)
    return Ending.GIVEN_BACK


def cancel(run: Run, job: Job) -> Ending:
    """End a locked job that a person cancelled while it ran."""
    fault_point("jobs.stop.before")
    run.mine().update(state=Job.State.CANCELLED, lease_until=None, finished_at=Now())
    record(job, "job.cancelled", by=WORKER, at=timezone.now(), done=job.done)
    fault_point("jobs.stop.after")
    return Ending.CANCELLED


def locked(run: Run) -> Job:
    """The job under a row lock while this run holds it. Raises LeaseLost."""
    job = run.mine().select_for_update().first()
    if job is None:
        raise LeaseLost(f"job {run.job.pk}, token {run.token}")
    return job


def as_error(refused: Refused) -> dict[str, Any]:
    """Columns of an error: code and facts for every language, and the sentence in the portal's own."""
    facts = {
        name: value if _is_plain(value) else without_numbers(str(value)) for name, value in refused.facts.items()
    }
    with translation.override(settings.LANGUAGE_CODE):
        sentence = without_numbers(str(refused))
    return {
        "error_code": refused.code[:40], "error_source": source_name(type(refused))[:120], "error_facts": facts,
        "error": sentence,
    }


def why(refused: Refused) -> dict[str, Any]:
    """What an event says of a failure: the refusal with its facts, no number of a person in them."""
    error = as_error(refused)
    return {"code": error["error_code"], "source": error["error_source"], "facts": error["error_facts"]}


def _is_plain(value: Any) -> bool:
    """Whether a fact is kept as it is: a count, and no number that could be a person's."""
    return value is None or (isinstance(value, bool | int | float) and without_numbers(str(value)) == str(value))


def place_of(trace: TracebackType | None) -> str:
    """Module and line of the innermost frame of ours."""
    root = str(Path(settings.BASE_DIR))
    found = ""
    for frame, line in traceback.walk_tb(trace):
        path = frame.f_code.co_filename
        if path.startswith(root) and "site-packages" not in path:
            found = f"{frame.f_globals.get('__name__', '')}:{line}"
    return found
