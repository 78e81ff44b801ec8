"""What this room adds to the workbench: queues of rosters, figures and a chart of enrollments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import Chart, ChartData, Figure, PagePanel, Series, Urgency, WorkQueue
from beneficiaries.models import Enrollment, Roster
from beneficiaries.models.enrollment import EnrollmentState
from intake.models import State

_VIEW_ROSTER = "beneficiaries.view_roster"
_VIEW_ENROLLMENT = "beneficiaries.view_enrollment"


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for figure in FIGURES:
        panels.register_figure(figure)
    panels.register_chart(BY_PROGRAM)
    panels.register_page_panel(COVERS)


def _rosters(permission: str, *states: State) -> Callable[[Any], int]:
    return lambda user: Roster.objects.visible_to(user, permission).filter(state__in=states).count()


def _list(state: State) -> Callable[[], str]:
    return lambda: f"{reverse('admin:beneficiaries_roster_changelist')}?state__exact={state.value}"


def _to_approve(user: Any) -> int:
    waiting = Roster.objects.visible_to(user, "beneficiaries.approve_roster").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user).count()


QUEUES = (
    WorkQueue(
        "beneficiaries.to_approve", _("Rosters to approve"), "beneficiaries.approve_roster", _to_approve,
        _list(State.SUBMITTED), Urgency.NOW,
    ),
    WorkQueue(
        "beneficiaries.to_submit", _("Checked rosters to review and submit"), "beneficiaries.submit_roster",
        _rosters("beneficiaries.submit_roster", State.REVIEW), _list(State.REVIEW), Urgency.SOON,
    ),
    WorkQueue(
        "beneficiaries.unreadable", _("Rosters that could not be read"), "beneficiaries.upload_roster",
        _rosters("beneficiaries.upload_roster", State.FAILED), _list(State.FAILED), Urgency.SOON,
    ),
    WorkQueue(
        "beneficiaries.under_way", _("Rosters being checked or applied"), _VIEW_ROSTER,
        _rosters(_VIEW_ROSTER, State.RECEIVED, State.CHECKING, State.APPROVED, State.APPLYING), _list(State.APPLYING),
        Urgency.CALM,
    ),
)


def _in_force(user: Any) -> int:
    return Enrollment.objects.visible_to(user, _VIEW_ENROLLMENT).filter(state=EnrollmentState.IN_FORCE).count()


def _awaiting(user: Any) -> int:
    return Enrollment.objects.visible_to(user, _VIEW_ENROLLMENT).filter(state=EnrollmentState.AWAITING).count()


def _premium(user: Any) -> Any:
    return Enrollment.objects.visible_to(user, _VIEW_ENROLLMENT).live().aggregate(sum=Sum("premium"))["sum"] or 0


FIGURES = (
    Figure(
        "beneficiaries.in_force", _("Covers in force"), _VIEW_ENROLLMENT, _in_force, _("persons"),
        lambda: f"{reverse('admin:beneficiaries_enrollment_changelist')}?state__exact=in_force",
    ),
    Figure(
        "beneficiaries.awaiting", _("Enrolled, gates open"), _VIEW_ENROLLMENT, _awaiting, _("persons"),
        lambda: f"{reverse('admin:beneficiaries_enrollment_changelist')}?state__exact=awaiting",
    ),
    Figure("beneficiaries.premium", _("Premium of live enrollments"), _VIEW_ENROLLMENT, _premium, _("yuan")),
)


def _by_program(user: Any) -> ChartData:
    rows = list(
        Enrollment.objects.visible_to(user, _VIEW_ENROLLMENT).live().values("program__name")
        .annotate(persons=Count("id")).order_by("-persons")[:12]
    )
    return ChartData(
        [row["program__name"] for row in rows], [Series(_("persons"), [row["persons"] for row in rows])] if rows else []
    )


BY_PROGRAM = Chart(
    "beneficiaries.by_program", _("Enrolled people by program"), _VIEW_ENROLLMENT, _by_program, _("persons")
)


def _covers(person: Any, user: Any) -> dict[str, Any]:
    found = Enrollment.objects.visible_to(user, _VIEW_ENROLLMENT).filter(person=person).order_by("-pk")
    found = found.select_related("program", "period", "category")[:50]
    return {
        "lines": [
            (each, reverse("admin:beneficiaries_enrollment_change", args=[each.pk]), state_badge(each)) for each in found
        ]
    }


def state_badge(enrollment: Enrollment) -> SafeString:
    """An enrollment's state."""
    tone = STATE_TONES[EnrollmentState(enrollment.state)]
    return render_to_string("portal/badge.html", {"text": enrollment.get_state_display(), "tone": tone})


STATE_TONES = {
    EnrollmentState.AWAITING: "wait", EnrollmentState.IN_FORCE: "good", EnrollmentState.LAPSED: "calm",
    EnrollmentState.ENDED: "calm",
}
COVERS = PagePanel(
    "beneficiaries.covers", _("Covers"), "beneficiaries.person", _VIEW_ENROLLMENT, _covers,
    "beneficiaries/person_enrollments.html", 10,
)
