"""Background work of the room: list what is due, destroy what was released."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from jobs.actions import Run
from jobs.registry import job_kind
from retention import destroying, listing
from retention.actions.runs import DESTROY_JOB, LIST_JOB


@job_kind(LIST_JOB, title=_("List what is out of its term"), lease_seconds=900)
def list_due(run: Run) -> dict[str, Any] | None:
    """Write the lines of a run."""
    return listing.list_due(run)


@job_kind(DESTROY_JOB, title=_("Destroy what is out of its term"), lease_seconds=600)
def destroy(run: Run) -> dict[str, Any] | None:
    """Destroy what was released."""
    return destroying.destroy_run(run)
