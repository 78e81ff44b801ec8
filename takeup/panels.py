"""What this room adds: targets that wait and who was enrolled today on the workbench, take-up on a period's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Sum
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import Figure, PagePanel, Urgency, queue_of
from beneficiaries.models import DayStanding
from intake.models import State
from programs.models import Plan
from takeup.actions.targets import APPROVE
from takeup.counting import PEOPLE, VIEW
from takeup.models import TargetState
from takeup.progress import in_words, taken_up


def _to_approve(targets: Any, user: Any) -> Any:
    return targets.visible_to(user, APPROVE).filter(state=TargetState.PROPOSED).exclude(proposed_by=user)


def _lists_to_approve(lists: Any, user: Any) -> Any:
    waiting = lists.visible_to(user, "takeup.approve_participants").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


def _today(user: Any) -> int:
    today = timezone.localdate()
    rows = DayStanding.objects.visible_to(user, PEOPLE).filter(
        period__enrollment_opens_on__lte=today, period__enrollment_closes_on__gt=today, day=today
    )
    return int(rows.order_by().aggregate(sum=Sum("people", default=0))["sum"])


def _period(period: Any, user: Any) -> Mapping[str, Any]:
    if period.plan.period_kind != Plan.PeriodKind.ANNUAL:
        return {}
    found = taken_up(period, user, today=timezone.localdate())
    return {
        "found": found, "standing": in_words(found.window),
        "url": reverse("admin:takeup_takeup_change", args=[period.pk]),
    }


QUEUES = (
    queue_of("takeup.target", "takeup.to_approve", _("Target populations to approve"), APPROVE, _to_approve, Urgency.SOON),
    queue_of(
        "takeup.participantlist", "takeup.lists_to_approve", _("Lists of participants to approve"), "takeup.approve_participants",
        _lists_to_approve, Urgency.SOON,
    ),
)
FIGURES = (
    Figure(
        "takeup.today", _("Enrolled today"), PEOPLE, _today, _("people"),
        reverse_lazy("admin:takeup_takeup_changelist"),
    ),
)
PANELS = (PagePanel("takeup.period", _("Take-up"), "programs.period", VIEW, _period, "takeup/period.html", 6),)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for figure in FIGURES:
        panels.register_figure(figure)
    for panel in PANELS:
        panels.register_page_panel(panel)
