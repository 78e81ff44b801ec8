"""What this room refuses, in words a person can act on, and the two signals that end a run early; no rules here."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class JobsRefused(Refused):
    """A request about background work that the rules refuse, or the reason why a job failed."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "ALREADY_LIVE": _("“%(title)s” is already waiting or running for this object."),
        "NOT_LIVE": _("This job is neither waiting nor running."),
        "NOT_ENDED": _("Only a failed or cancelled job can be run again."),
        "STOPPING": _("This job is being cancelled already: it ends at its next step."),
        "KIND_UNKNOWN": _("This version of the portal does not know jobs of the kind %(kind)s."),
        "ARGUMENT_NAME": _("An argument's name has lower-case letters, digits and underscores."),
        "ARGUMENT": _("The argument %(name)s is neither the number of a row nor a short code."),
        "STEP_FAILED": _(
            "The work stopped unexpectedly (%(error)s in %(place)s). Run it again; if it fails again, "
            "tell the system administrator."
        ),
        "WORKER_LOST": _(
            "The worker ended or hung in the middle of a step "
            "(attempt %(attempts)s of %(max_attempts)s without progress)."
        ),
    }


class LeaseLost(Exception):
    """Another worker has this job by now: what this run has not committed must roll back."""


class StopRequested(Exception):
    """The run ends between two steps: the process shuts down, or a person cancelled the job."""
