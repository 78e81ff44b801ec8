"""What this room adds: the complaints of a claim and of a person, queues of the workbench."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from complaints.independence import answerable_by
from complaints.marks import NEAR, due_badge, state_badge
from complaints.models import Complaint, ComplaintState, Extension, ExtensionState
from complaints.stepping import ANSWER, RECORD

VIEW = "complaints.view_complaint"
_COMPLAINT = "complaints.complaint"
#: Complaints that a panel shows.
SHOWN = 20


def _near(complaints: Any, user: Any) -> Any:
    running = complaints.visible_to(user, VIEW).filter(state__in=(ComplaintState.OPEN, ComplaintState.ANSWERED))
    return running.filter(due_on__lte=timezone.localdate() + timedelta(days=NEAR))


def _to_answer(complaints: Any, user: Any) -> Any:
    return answerable_by(complaints.visible_to(user, ANSWER).filter(state=ComplaintState.OPEN), user)


def _to_tell(complaints: Any, user: Any) -> Any:
    longer = Extension.objects.filter(complaint=OuterRef("pk"), state=ExtensionState.APPROVED, told_on=None)
    seen = complaints.visible_to(user, RECORD)
    return seen.filter(state=ComplaintState.ANSWERED) | seen.filter(Exists(longer), state=ComplaintState.OPEN)


def _longer(complaints: Any, user: Any) -> Any:
    asked = Extension.objects.filter(complaint=OuterRef("pk"), state=ExtensionState.ASKED).exclude(asked_by=user)
    return complaints.visible_to(user, ANSWER).filter(Exists(asked), state=ComplaintState.OPEN)


QUEUES = (
    queue_of(_COMPLAINT, "complaints.near", _("Complaints and appeals that are due soon, or overdue"), VIEW, _near, Urgency.NOW),
    queue_of(_COMPLAINT, "complaints.to_answer", _("Complaints and appeals to answer"), ANSWER, _to_answer),
    queue_of(_COMPLAINT, "complaints.to_tell", _("Answers and longer terms to tell whoever complained"), RECORD, _to_tell),
    queue_of(
        _COMPLAINT, "complaints.extensions", _("Longer terms of complaints to approve"), ANSWER, _longer, Urgency.NOW
    ),
)


def _rows(complaints: Any) -> list[tuple[Any, str, Any, Any]]:
    today = timezone.localdate()
    return [
        (each, reverse("admin:complaints_complaint_change", args=[each.pk]), state_badge(each), due_badge(each, today=today))
        for each in complaints.order_by("-pk")[:SHOWN]
    ]


def _of_claim(claim: Any, user: Any) -> Mapping[str, Any]:
    address = f"{reverse('admin:complaints_complaint_record')}?{urlencode({'claim': claim.number})}"
    return {
        "complaints": _rows(Complaint.objects.visible_to(user, VIEW).filter(claim=claim.pk)),
        "url": address if user.has_perm(RECORD) else "",
    }


def _of_person(person: Any, user: Any) -> Mapping[str, Any]:
    return {"complaints": _rows(Complaint.objects.visible_to(user, VIEW).filter(claim__enrollment__person=person)), "url": ""}


PANELS = (
    PagePanel(
        "complaints.of_claim", _("Complaints and appeals"), "claims.claim", VIEW, _of_claim, "complaints/panel.html", 85
    ),
    PagePanel(
        "complaints.of_person", _("Complaints and appeals"), "beneficiaries.person", VIEW, _of_person, "complaints/panel.html", 16
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
