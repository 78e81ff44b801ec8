"""What this room adds: destructions and terms that wait, and on a page the word that its content was destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from retention.actions.runs import RELEASE
from retention.actions.terms import APPROVE
from retention.due import PERSON
from retention.models import DestructionLine, RunState, TermState


def _to_release(runs: Any, user: Any) -> Any:
    return runs.visible_to(user, RELEASE).filter(state=RunState.DRAWN, number__gt=0).exclude(drawn_by=user)


def _terms(terms: Any, user: Any) -> Any:
    return terms.visible_to(user, APPROVE).filter(state=TermState.PROPOSED).exclude(proposed_by=user)


QUEUES = (
    queue_of("retention.destructionrun", "retention.to_release", _("Destructions to release"), RELEASE, _to_release, Urgency.NOW),
    queue_of("retention.retentionterm", "retention.terms", _("Retention terms to approve"), APPROVE, _terms),
)


def destroyed_by(person: Any) -> Mapping[str, Any]:
    """When and by which run, where a person was destroyed; of one who was merged, with the other."""
    if person.destroyed_at is None:
        return {}
    wanted = [number for number in (person.pk, person.merged_into_id) if number is not None]
    line = DestructionLine.objects.filter(subject_type=PERSON, subject_id__in=wanted, done_at__isnull=False).first()
    return {"at": person.destroyed_at, "run": line.run_id if line is not None else None}


PANELS = (
    PagePanel(
        "retention.person", _("Data destroyed"), PERSON, "beneficiaries.view_person", lambda person, user: destroyed_by(person),
        "retention/destroyed.html", 1,
    ),
    PagePanel(
        "retention.enrollment", _("Data destroyed"), "beneficiaries.enrollment", "beneficiaries.view_enrollment",
        lambda enrollment, user: destroyed_by(enrollment.person), "retention/destroyed.html", 1,
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
