"""What this room adds: hand-overs of a period, answers on a person's and a cover's page, queues of the workbench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from beneficiaries.gating import Gate
from handover import premium
from handover.coinsurers import shares_of
from handover.models import HandOver, HandOverLine, HandOverState, RemittanceState
from intake.models import State

#: Rows that a panel shows.
SHOWN = 20
_HAND_OVER, _RECEIPT, _FORMAT = "handover.handover", "handover.receipt", "handover.insurerformat"
_INVOICE, _REMITTANCE = "handover.invoice", "handover.remittance"


def _to_release(hand_overs: Any, user: Any) -> Any:
    waiting = hand_overs.visible_to(user, "handover.release_handover").filter(state=HandOverState.PROPOSED)
    return waiting.exclude(proposed_by=user)


def _unanswered(hand_overs: Any, user: Any) -> Any:
    told = hand_overs.visible_to(user, "handover.upload_receipt").filter(state=HandOverState.RELEASED)
    return told.filter(people__gt=F("accepted") + F("refused"))


def _to_submit(receipts: Any, user: Any) -> Any:
    return receipts.visible_to(user, "handover.submit_receipt").filter(state=State.REVIEW)


def _to_approve(receipts: Any, user: Any) -> Any:
    waiting = receipts.visible_to(user, "handover.approve_receipt").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


def _formats(formats: Any, user: Any) -> Any:
    return formats.visible_to(user, "handover.approve_format").filter(state="draft").exclude(drafted_by=user)


def _invoices_to_submit(invoices: Any, user: Any) -> Any:
    return invoices.visible_to(user, "handover.submit_invoice").filter(state=State.REVIEW)


def _invoices_to_approve(invoices: Any, user: Any) -> Any:
    waiting = invoices.visible_to(user, "handover.approve_invoice").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


def _remittances_to_approve(remittances: Any, user: Any) -> Any:
    waiting = remittances.visible_to(user, "handover.approve_remittance").filter(state=RemittanceState.PREPARED)
    return waiting.exclude(made_by=user)


def _remittances_to_confirm(remittances: Any, user: Any) -> Any:
    waiting = remittances.visible_to(user, "handover.confirm_remittance").filter(state=RemittanceState.APPROVED)
    return waiting.exclude(approved_by=user)


QUEUES = (
    queue_of(
        _HAND_OVER, "handover.to_release", _("Hand-overs to release"), "handover.release_handover", _to_release, Urgency.NOW
    ),
    queue_of(_RECEIPT, "handover.to_approve", _("Receipts to approve"), "handover.approve_receipt", _to_approve, Urgency.NOW),
    queue_of(_RECEIPT, "handover.to_submit", _("Receipts to review"), "handover.submit_receipt", _to_submit),
    queue_of(_FORMAT, "handover.formats", _("Insurers' formats to approve"), "handover.approve_format", _formats),
    queue_of(
        _HAND_OVER, "handover.unanswered", _("Hand-overs that the insurer has not answered"), "handover.upload_receipt",
        _unanswered, Urgency.CALM,
    ),
    queue_of(
        _INVOICE, "handover.invoices_to_approve", _("Invoices of insurers to agree to"), "handover.approve_invoice",
        _invoices_to_approve, Urgency.NOW,
    ),
    queue_of(
        _INVOICE, "handover.invoices_to_submit", _("Invoices of insurers to review"), "handover.submit_invoice",
        _invoices_to_submit,
    ),
    queue_of(
        _REMITTANCE, "handover.remittances_to_approve", _("Remittances to approve"), "handover.approve_remittance",
        _remittances_to_approve, Urgency.NOW,
    ),
    queue_of(
        _REMITTANCE, "handover.remittances_to_confirm", _("Remittances whose payment is to be recorded"),
        "handover.confirm_remittance", _remittances_to_confirm,
    ),
)


def _period(period: Any, user: Any) -> Mapping[str, Any]:
    seen = HandOver.objects.visible_to(user, "handover.view_handover").filter(period=period)
    people = reverse("admin:beneficiaries_enrollment_changelist")
    waits = period.plan.requires_insurer_acceptance and user.has_perm("beneficiaries.view_enrollment")
    proposes = user.has_perm("handover.propose_handover") and period.closed_at is None and period.program.insurer_id is not None
    return {
        "hand_overs": _linked(seen.select_related("format")[:SHOWN], "handover_handover"),
        "propose_url": f"{reverse('admin:handover_handover_propose')}?period={period.pk}" if proposes else "",
        "waiting_url": f"{people}?period__id__exact={period.pk}&gate={Gate.ACCEPTANCE.value}" if waits else "",
    }


def _person(person: Any, user: Any) -> Mapping[str, Any]:
    return {"lines": _lines_of(user, enrollment__person=person)}


def _enrollment(enrollment: Any, user: Any) -> Mapping[str, Any]:
    return {"lines": _lines_of(user, enrollment=enrollment)}


def _lines_of(user: Any, **of: Any) -> list[tuple[HandOverLine, str]]:
    seen = HandOverLine.objects.visible_to(user, "handover.view_handoverline").filter(stands=True, **of)
    found = list(seen.select_related("hand_over__insurer").order_by("-pk")[:SHOWN])
    return [(line, reverse("admin:handover_handover_change", args=[line.hand_over_id])) for line in found]


def _premium(period: Any, user: Any) -> Mapping[str, Any]:
    return {
        "lines": premium.standing_of(period, user),
        "upload_url": _offered("handover_invoice_upload", "handover.upload_invoice", period, user),
        "record_url": _offered("handover_invoice_record", "handover.upload_invoice", period, user),
        "prepare_url": _offered("handover_remittance_prepare", "handover.prepare_remittance", period, user),
    }


def _plan(plan: Any, user: Any) -> Mapping[str, Any]:
    return {"periods": shares_of(plan, user)}


def _offered(page: str, permission: str, period: Any, user: Any) -> str:
    """The address of a page that this reader may use, with the period chosen."""
    return f"{reverse(f'admin:{page}')}?period={period.pk}" if user.has_perm(permission) and period.program.insurer_id else ""


def _linked(rows: Any, name: str) -> list[tuple[Any, str]]:
    return [(row, reverse(f"admin:{name}_change", args=[row.pk])) for row in rows]


_VIEW, _LINE = "handover.view_handover", "handover.view_handoverline"
PANELS = (
    PagePanel("handover.period", _("Hand-over to the insurer"), "programs.period", _VIEW, _period, "handover/period.html", 20),
    PagePanel(
        "handover.premium", _("Premium, invoices and remittances"), "programs.period", "handover.view_invoice", _premium,
        "handover/premium.html", 21,
    ),
    PagePanel("handover.insurers", _("Premium by insurer"), "programs.plan", _VIEW, _plan, "handover/insurers.html", 20),
    PagePanel("handover.person", _("Insurer"), "beneficiaries.person", _LINE, _person, "handover/lines.html", 20),
    PagePanel("handover.enrollment", _("Insurer"), "beneficiaries.enrollment", _LINE, _enrollment, "handover/lines.html", 20),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
