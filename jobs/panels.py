"""What this room adds to the workbench: its events in words, and the queue of failed jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.events import register_verbs, register_words
from audit.panels import Urgency, queue_of, register_queue
from jobs.models import Job, refusal_in_words


def register() -> None:
    """Called once, from `ready()`."""
    register_verbs(
        {
            "job.queued": _("Work was queued."),
            "job.done": _("The work was completed."),
            "job.failed": _("The work failed: %(why)s"),
            "job.requeued": _("The worker was lost; the work was queued again."),
            "job.cancel_requested": _("Cancelling was asked for."),
            "job.cancelled": _("The work was cancelled."),
            "job.run_again": _("The work was queued again by hand."),
        }
    )
    register_words({"job.failed": _why})
    register_queue(
        queue_of("jobs.job", "jobs.failed", _("Failed jobs"), "jobs.retry_job", failed, Urgency.NOW)
    )


def _why(data: Mapping[str, Any]) -> Mapping[str, str]:
    """The refusal in words; events of old keep its code alone."""
    said = refusal_in_words(data.get("source", ""), data.get("code", ""), data.get("facts", {}))
    return {"why": said or gettext("the reason is not known here.")}


def failed(jobs: Any, user: Any) -> Any:
    """The failed jobs that a user can run again."""
    return jobs.visible_to(user, "jobs.retry_job").filter(state=Job.State.FAILED)
