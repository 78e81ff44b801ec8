"""What this room adds to the workbench: months that wait."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import Urgency, queue_of
from closing.actions.months import CLOSE
from closing.models import ClosingState

_CLOSING = "closing.monthclosing"


def _to_close(closings: Any, user: Any) -> Any:
    waiting = closings.visible_to(user, CLOSE).filter(state=ClosingState.SUBMITTED)
    return waiting.exclude(drawn_by=user).exclude(submitted_by=user)


QUEUES = (queue_of(_CLOSING, "closing.to_close", _("Months to close"), CLOSE, _to_close, Urgency.NOW),)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
