"""What this room adds: reports that wait on the workbench, payouts on the pages of people and enrollments."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import Urgency, queue_of
from intake.models import State


def _to_review(reports: Any, user: Any) -> Any:
    return reports.visible_to(user, "results.submit_report").filter(state=State.REVIEW)


def _to_approve(reports: Any, user: Any) -> Any:
    waiting = reports.visible_to(user, "results.approve_report").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


def _to_undo(reports: Any, user: Any) -> Any:
    asked = reports.visible_to(user, "results.approve_report_undo").filter(state=State.UNDO_ASKED)
    return asked.exclude(undo_asked_by=user)


QUEUES = (
    queue_of(
        "results.report", "results.to_review", _("Reports of payouts to review"), "results.submit_report", _to_review,
        Urgency.SOON,
    ),
    queue_of(
        "results.report", "results.to_approve", _("Reports of payouts to approve"), "results.approve_report", _to_approve,
        Urgency.SOON,
    ),
    queue_of(
        "results.report", "results.to_undo", _("Undo of reports of payouts to approve"), "results.approve_report_undo", _to_undo,
        Urgency.SOON,
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
