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
from papers.models import Printing, PrintingState

#: Printings that a panel shows.
SHOWN = 20


def _to_approve(printings: Any, user: Any) -> Any:
    waiting = printings.visible_to(user, "papers.approve_printing").filter(state=PrintingState.ASKED)
    return waiting.exclude(asked_by=user)


def _ready(printings: Any, user: Any) -> Any:
    return printings.visible_to(user, PRINT).filter(state=PrintingState.READY, asked_by=user)


QUEUES = (
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


PANELS = (
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
