"""What this room adds: reports that wait on the workbench, payouts on the pages of people and enrollments."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from beneficiaries.models import Enrollment
from intake.models import State
from results.models import Result

VIEW = "results.view_result"


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
#: Results that a panel shows.
SHOWN = 50


def _lines(covers: Any, user: Any) -> dict[str, Any]:
    """The newest results of covers, each with its address, and what those that count come to by cover."""
    seen = Result.objects.visible_to(user, VIEW).filter(enrollment__in=covers).order_by("-pk")
    found = list(seen.select_related("program", "period")[:SHOWN])
    counting = seen.counting().order_by().aggregate(lines=Count("pk"), paid=Sum("paid", default=0))
    return {
        "lines": [(each, reverse("admin:results_result_change", args=[each.pk])) for each in found],
        "counting": counting, "more": len(found) == SHOWN,
    }


def _person(person: Any, user: Any) -> dict[str, Any]:
    return _lines(list(Enrollment.objects.filter(person=person).values_list("pk", flat=True)), user)


def _cover(cover: Any, user: Any) -> dict[str, Any]:
    found = _lines([cover.pk], user)
    return {**found, "left": max(cover.plan.cover_limit - found["counting"]["paid"], 0)}


PANELS = (
    PagePanel(
        "results.person", _("Payouts reported by insurers"), "beneficiaries.person", VIEW, _person, "results/panel.html", 12,
    ),
    PagePanel(
        "results.cover", _("Payouts reported by insurers"), "beneficiaries.enrollment", VIEW, _cover, "results/panel.html", 6,
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
