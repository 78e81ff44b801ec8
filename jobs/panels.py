"""What this room adds to the workbench: its events in words, and the queue of failed jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.events import register_verbs, register_words
from audit.panels import Urgency, WorkQueue, register_queue
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
        WorkQueue(
            key="jobs.failed",
            title=_("Failed jobs"),
            permission="jobs.retry_job",
            count=count_failed,
            url=address_of_failed,
            urgency=Urgency.NOW,
        )
    )


def _why(data: Mapping[str, Any]) -> Mapping[str, str]:
    """The refusal in words; events of old keep its code alone."""
    said = refusal_in_words(data.get("source", ""), data.get("code", ""), data.get("facts", {}))
    return {"why": said or gettext("the reason is not known here.")}


def count_failed(user: Any) -> int:
    """How many failed jobs a user can run again."""
    return Job.objects.visible_to(user, "jobs.retry_job").filter(state=Job.State.FAILED).count()


def address_of_failed() -> str:
    """The list of failed jobs."""
    return f"{reverse('admin:jobs_job_changelist')}?state__exact={Job.State.FAILED}"
