"""Samples drawn and their evidence, for tests."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from beneficiaries.testing import World
from samples import actions
from samples.models import EvidenceBundle, Sample

SEED = "20261126-abc"
PURPOSE = "年度审计抽查"


def drawn(world: World, **changes: Any) -> Sample:
    """Two covers of the county, by the auditor of the city."""
    values: dict[str, Any] = {
        "organization": world.city, "size": 2, "seed": SEED, "purpose": PURPOSE, "by": world.auditor, "at": timezone.now(),
        **changes,
    }
    return actions.draw_sample(values.pop("program", world.program), **values)


def gathering(world: World, sample: Sample) -> EvidenceBundle:
    """Masked, its job queued."""
    job = actions.gather_evidence(sample, by=world.auditor, at=timezone.now())
    return EvidenceBundle.objects.get(pk=job.subject_id)


def asked(world: World, sample: Sample) -> EvidenceBundle:
    """In the clear."""
    return actions.ask_clear_evidence(sample, purpose=PURPOSE, by=world.auditor, at=timezone.now())
