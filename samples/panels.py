"""What this room adds to the workbench: samples to look at, evidence to approve and to fetch."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from payouts.models import BatchLine
from samples.actions.drawing import DRAW
from samples.actions.evidence import APPROVE, GATHER
from samples.models import EvidenceState


def _to_look_at(samples: Any, user: Any) -> Any:
    return samples.visible_to(user, DRAW).filter(drawn_by=user, finished_at=None)


def _to_approve(bundles: Any, user: Any) -> Any:
    return bundles.visible_to(user, APPROVE).filter(state=EvidenceState.ASKED).exclude(asked_by=user)


def _ready(bundles: Any, user: Any) -> Any:
    return bundles.visible_to(user, GATHER).filter(state=EvidenceState.READY, asked_by=user)


QUEUES = (
    queue_of("samples.sample", "samples.to_look_at", _("Samples to look at"), DRAW, _to_look_at),
    queue_of(
        "samples.evidencebundle", "samples.to_approve", _("Evidence in the clear to approve"), APPROVE, _to_approve, Urgency.NOW
    ),
    queue_of("samples.evidencebundle", "samples.ready", _("Evidence to fetch"), GATHER, _ready, Urgency.CALM),
)


def _payouts(claim: Any, user: Any) -> dict[str, Any]:
    """Payouts of a claim that a bank has told the result of, each with the way to its evidence."""
    lines = BatchLine.objects.visible_to(user, GATHER).filter(payable__claim=claim, is_test=False, results__isnull=False)
    address = reverse("admin:samples_sample_payout_file")
    return {"lines": [(line.key, f"{address}?payout={line.key}") for line in lines.distinct().order_by("pk")]}


PANELS = (
    PagePanel("samples.payouts", _("Evidence of payouts"), "claims.claim", GATHER, _payouts, "samples/payouts.html", 60),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
