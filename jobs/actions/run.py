"""One run of one job: taking it under a lease, and moving it step by step under its fencing token."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.functions import Coalesce, Greatest, Now

from audit.faults import fault_point
from jobs import stopping
from jobs.errors import LeaseLost, StopRequested
from jobs.models import Job, JobQuerySet
from jobs.registry import JobKind, known_kinds


class Run:
    """What a kind's work is given: its job as it was when taken, and the verbs that move it.

    A step is one transaction of the work's own, with `advance` as its last statement (from there to the commit the
    job's row is locked). If the lease has gone to another worker, `advance` raises LeaseLost and the step rolls back.
    """

    def __init__(self, job: Job, kind: JobKind) -> None:
        self.job = job
        self.kind = kind
        self.token = job.fencing_token
        self.cursor: Any = job.cursor
        self.total: int | None = job.total

    @property
    def arguments(self) -> dict[str, Any]:
        """Numbers of rows and short codes, as queued."""
        return self.job.arguments

    def advance(
        self, *, done: int | None = None, more: int | None = None, total: int | None = None, cursor: Any = None
    ) -> None:
        """Move progress and cursor and renew the lease, in the step's transaction; None leaves a value as it is.

        `done` is where the step ends; steps that run side by side say by how much `more` is done. Progress beyond what
        any attempt reached before gives the job its attempts back.
        """
        if not connection.in_atomic_block:
            raise RuntimeError("advance belongs into the transaction of its step")
        changes: dict[str, Any] = {"lease_until": Now() + timedelta(seconds=self.kind.lease_seconds)}
        reached = Value(done) if done is not None else F("done") + more if more is not None else None
        if reached is not None:
            changes |= {
                "done": reached,
                "attempts": Case(
                    When(furthest__lt=reached, then=Value(1)), default=F("attempts"), output_field=IntegerField()
                ),
                "furthest": Greatest(F("furthest"), reached),
            }
        if total is not None:
            changes["total"] = total
        if cursor is not None:
            cursor = changes["cursor"] = plain(cursor)
        fault_point("jobs.advance.before")
        if not self.mine().update(**changes):
            raise LeaseLost(f"job {self.job.pk}, token {self.token}")
        fault_point("jobs.advance.after")
        self.total = self.total if total is None else total
        self.cursor = self.cursor if cursor is None else cursor

    def check_stop(self) -> None:
        """Between two steps: raise StopRequested when this process shuts down or a person cancelled the job.

        Whoever runs the work then gives the lease back or ends the job. Raises LeaseLost when it has gone already.
        """
        asked = self.mine().values_list("stop_requested", flat=True).first()
        if asked is None:
            raise LeaseLost(f"job {self.job.pk}, token {self.token}")
        if asked or stopping.is_stopping():
            raise StopRequested

    def mine(self) -> JobQuerySet:
        """The job's row while this run holds it; empty once another has it."""
        return Job.objects.filter(pk=self.job.pk, fencing_token=self.token, state=Job.State.RUNNING)


def claim(*, job_id: int | None = None) -> Run | None:
    """Take one due job (the oldest, or this one) under a lease with a new token; None when there is none to take.

    Two workers never take the same: the row is locked, and a locked one is passed over.
    """
    kinds = known_kinds()
    due = Job.objects.due().filter(kind__in=kinds)
    if job_id is not None:
        due = due.filter(pk=job_id)
    fault_point("jobs.claim.before")
    with transaction.atomic():
        job = due.select_for_update(skip_locked=True).order_by("id").first()
        if job is None:
            return None
        kind = kinds[job.kind]
        fault_point("jobs.claim.locked")
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.RUNNING,
            fencing_token=F("fencing_token") + 1,
            attempts=F("attempts") + 1,
            lease_until=Now() + timedelta(seconds=kind.lease_seconds),
            worker=f"{socket.gethostname()[:60]}:{os.getpid()}",
            started_at=Coalesce(F("started_at"), Now()),
            resumed_at=Now(),
            resumed_from=F("done"),
        )
        job.refresh_from_db()
    fault_point("jobs.claim.after")
    return Run(job, kind)


def plain(value: Mapping[str, Any] | Any) -> Any:
    """A value as JSON keeps it: amounts and days as text. Raises TypeError for what JSON cannot say."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))
