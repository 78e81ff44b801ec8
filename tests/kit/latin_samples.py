"""Samples of the Latin world and their evidence, in each state that has a page of its own."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from jobs.testing import drain
from samples import actions
from samples.models import Finding, Stratum


def make_latin_samples(world: Any, *, reason: str) -> None:
    """One finished with its evidence masked and in the clear, declined, cancelled; one that is looked at, evidence to approve."""
    auditor, officer, at = world.users["city auditor"], world.users["city security_admin"], timezone.now()

    def drawn(stratum: Stratum) -> Any:
        return actions.draw_sample(
            world.program, organization=world.city, size=2, seed="zqseed-1", purpose="Zqpurpose", stratum=stratum, by=auditor, at=at
        )

    def asked(sample: Any) -> Any:
        return actions.ask_clear_evidence(sample, purpose="Zqpurpose", by=auditor, at=at)

    sample = drawn(Stratum.CATEGORY)
    actions.cancel_evidence(asked(sample), by=auditor, at=at)
    actions.decline_evidence(asked(sample), reason=reason, by=officer, at=at)
    actions.approve_evidence(asked(sample), by=officer, at=at)
    actions.gather_evidence(sample, by=auditor, at=at)
    drain()
    for place, item in enumerate(sample.items.order_by("position")):
        finding = Finding.FAULT if place else Finding.CORRECT
        actions.note_item(item, finding=finding, note="Zqnote", by=auditor, at=at)
    actions.finish_sample(sample, conclusion="Zqconclusion", by=auditor, at=at)
    asked(drawn(Stratum.NONE))
