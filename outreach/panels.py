"""What this room adds: what a person was told, queues of the workbench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from intake.models import State
from outreach.actions.sendings import FETCH
from outreach.models import Sending, SendingLine, SendingState, WordingState

#: Rows that a panel shows.
SHOWN = 20
_SENDING, _WORDING, _VIEW = "outreach.sending", "outreach.messagewording", "outreach.view_sending"
_REPORT = "outreach.deliveryreport"


def _to_release(sendings: Any, user: Any) -> Any:
    waiting = sendings.visible_to(user, "outreach.release_sending").filter(state=SendingState.PROPOSED)
    return waiting.exclude(proposed_by=user)


def _to_fetch(sendings: Any, user: Any) -> Any:
    return sendings.visible_to(user, FETCH).filter(state=SendingState.READY, fetched_at=None, purged_at=None)


def _wordings(wordings: Any, user: Any) -> Any:
    drafts = wordings.visible_to(user, "outreach.approve_wording").filter(state=WordingState.DRAFT)
    return drafts.exclude(drafted_by=user)


def _not_reached(sendings: Any, user: Any) -> Any:
    failed = sendings.visible_to(user, FETCH).filter(state=SendingState.READY, failed__gt=0, purged_at=None)
    return failed.filter(Q(printed_at=None) | Q(printed_at__lt=F("reported_at")))


def _reports_to_submit(reports: Any, user: Any) -> Any:
    return reports.visible_to(user, "outreach.submit_report").filter(state=State.REVIEW)


def _reports_to_approve(reports: Any, user: Any) -> Any:
    waiting = reports.visible_to(user, "outreach.approve_report").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


QUEUES = (
    queue_of(
        _REPORT, "outreach.reports_to_approve", _("Delivery reports to approve"), "outreach.approve_report", _reports_to_approve,
        Urgency.NOW,
    ),
    queue_of(_REPORT, "outreach.reports_to_submit", _("Delivery reports to review"), "outreach.submit_report", _reports_to_submit),
    queue_of(
        _SENDING, "outreach.not_reached", _("Messages that did not reach everybody: print for the villages"), FETCH, _not_reached
    ),
    queue_of(
        _SENDING, "outreach.to_release", _("Messages to release"), "outreach.release_sending", _to_release, Urgency.NOW
    ),
    queue_of(_WORDING, "outreach.wordings", _("Wordings of messages to approve"), "outreach.approve_wording", _wordings),
    queue_of(_SENDING, "outreach.to_fetch", _("Messages to fetch"), FETCH, _to_fetch, Urgency.CALM),
)


def _told(user: Any, **of: Any) -> Mapping[str, Any]:
    sendings = Sending.objects.visible_to(user, _VIEW)
    lines = SendingLine.objects.filter(stands=True, sending__in=sendings.order_by(), **of).select_related("sending")
    found = lines.order_by("-pk")[:SHOWN]
    return {"lines": [(line, reverse("admin:outreach_sending_change", args=[line.sending_id])) for line in found]}


def _enrollment(enrollment: Any, user: Any) -> Mapping[str, Any]:
    return _told(user, enrollment=enrollment)


def _person(person: Any, user: Any) -> Mapping[str, Any]:
    return _told(user, enrollment__person=person)


PANELS = (
    PagePanel("outreach.person", _("Messages to people"), "beneficiaries.person", _VIEW, _person, "outreach/told.html", 40),
    PagePanel(
        "outreach.enrollment", _("Messages to people"), "beneficiaries.enrollment", _VIEW, _enrollment, "outreach/told.html", 40
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
