"""What this room adds to the workbench: samples to look at, evidence to approve and to fetch."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import Urgency, queue_of
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


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
