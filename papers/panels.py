"""What this room adds: the way to a person's certificate, queues of the workbench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from beneficiaries.models.enrollment import EnrollmentState
from papers.actions.printings import PRINT
from papers.actions.requests import RECORD
from papers.models import PersonRequest, Printing, PrintingState, RequestState

#: Printings that a panel shows.
SHOWN = 20


def _to_approve(printings: Any, user: Any) -> Any:
    waiting = printings.visible_to(user, "papers.approve_printing").filter(state=PrintingState.ASKED)
    return waiting.exclude(asked_by=user)


def _ready(printings: Any, user: Any) -> Any:
    return printings.visible_to(user, PRINT).filter(state=PrintingState.READY, asked_by=user)


def _to_decide(requests: Any, user: Any) -> Any:
    waiting = requests.visible_to(user, "papers.decide_request").filter(state=RequestState.ASKED)
    return waiting.exclude(recorded_by=user)


def _copies(requests: Any, user: Any) -> Any:
    ready = requests.visible_to(user, RECORD).filter(recorded_by=user, purged_at=None)
    return ready.exclude(storage_key="")


QUEUES = (
    queue_of(
        "papers.personrequest", "papers.requests", _("Requests about personal data to decide"), "papers.decide_request",
        _to_decide, Urgency.NOW,
    ),
    queue_of("papers.personrequest", "papers.copies", _("Copies of personal data to hand over"), RECORD, _copies),
    queue_of(
        "papers.printing", "papers.to_approve", _("Printings to approve"), "papers.approve_printing", _to_approve, Urgency.NOW
    ),
    queue_of("papers.printing", "papers.ready", _("Certificates to fetch"), PRINT, _ready, Urgency.CALM),
)


def _certificate(enrollment: Any, user: Any) -> Mapping[str, Any]:
    printings = Printing.objects.visible_to(user, "papers.view_printing").filter(enrollment=enrollment)
    offered = enrollment.state == EnrollmentState.IN_FORCE and user.has_perm(PRINT)
    return {
        "url": f"{reverse('admin:papers_printing_single')}?{urlencode({'cover': enrollment.pk})}" if offered else "",
        "printings": printings.select_related("asked_by")[:SHOWN],
    }


def _requests(person: Any, user: Any) -> Mapping[str, Any]:
    seen = PersonRequest.objects.visible_to(user, "papers.view_personrequest").filter(person=person)
    address = f"{reverse('admin:papers_personrequest_record')}?{urlencode({'person': person.pk})}"
    return {
        "url": address if user.has_perm(RECORD) else "",
        "requests": [(each, reverse("admin:papers_personrequest_change", args=[each.pk])) for each in seen[:SHOWN]],
    }


PANELS = (
    PagePanel(
        "papers.requests", _("Requests about personal data"), "beneficiaries.person", "papers.view_personrequest", _requests,
        "papers/requests.html", 30,
    ),
    PagePanel(
        "papers.certificate", _("Certificate of cover"), "beneficiaries.enrollment", "papers.view_printing", _certificate,
        "papers/certificate.html", 5,
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
