"""What this room adds: files that wait on the workbench, what is due on the pages of people, covers and claims."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from beneficiaries.models import Enrollment
from intake.models import State
from records.models import Proposal

VIEW = "records.view_proposal"
#: Proposals that a panel shows.
SHOWN = 50


def _to_review(lists: Any, user: Any) -> Any:
    return lists.visible_to(user, "records.submit_recordlist").filter(state=State.REVIEW)


def _to_approve(lists: Any, user: Any) -> Any:
    waiting = lists.visible_to(user, "records.approve_recordlist").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


def _to_undo(lists: Any, user: Any) -> Any:
    asked = lists.visible_to(user, "records.approve_recordlist_undo").filter(state=State.UNDO_ASKED)
    return asked.exclude(undo_asked_by=user)


def _to_claim(proposals: Any, user: Any) -> Any:
    return proposals.visible_to(user, "records.claim_proposal").waiting()


QUEUES = (
    queue_of(
        "records.recordlist", "records.to_review", _("Settlement records to review"), "records.submit_recordlist", _to_review,
        Urgency.SOON,
    ),
    queue_of(
        "records.recordlist", "records.to_approve", _("Settlement records to approve"), "records.approve_recordlist", _to_approve,
        Urgency.SOON,
    ),
    queue_of(
        "records.recordlist", "records.to_undo", _("Undo of settlement records to approve"), "records.approve_recordlist_undo",
        _to_undo, Urgency.SOON,
    ),
    queue_of(
        "records.proposal", "records.to_claim", _("Payments due that nobody has claimed"), "records.claim_proposal", _to_claim,
        Urgency.CALM,
    ),
)


def _lines(proposals: Any) -> dict[str, Any]:
    """The newest, each with its address, and what those that wait come to."""
    found = list(proposals.select_related("program", "period", "case").order_by("-pk")[:SHOWN])
    return {
        "lines": [(each, reverse("admin:records_proposal_change", args=[each.pk])) for each in found],
        "due": proposals.waiting().order_by().aggregate(due=Sum("due", default=0))["due"], "more": len(found) == SHOWN,
    }


def _person(person: Any, user: Any) -> dict[str, Any]:
    covers = list(Enrollment.objects.filter(person=person).values_list("pk", flat=True))
    return _lines(Proposal.objects.visible_to(user, VIEW).filter(enrollment__in=covers))


def _cover(cover: Any, user: Any) -> dict[str, Any]:
    return _lines(Proposal.objects.visible_to(user, VIEW).filter(enrollment=cover.pk))


def _claim(claim: Any, user: Any) -> dict[str, Any]:
    return {**_lines(Proposal.objects.visible_to(user, VIEW).filter(case=claim.case_id)), "of_claim": True}


PANELS = (
    PagePanel("records.person", _("Unclaimed entitlements"), "beneficiaries.person", VIEW, _person, "records/panel.html", 13),
    PagePanel("records.cover", _("Unclaimed entitlements"), "beneficiaries.enrollment", VIEW, _cover, "records/panel.html", 8),
    PagePanel("records.claim", _("Settlement records of the bureau"), "claims.claim", VIEW, _claim, "records/panel.html", 20),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
