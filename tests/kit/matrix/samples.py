"""A sample of one cover for each place of the scope matrix, with evidence that waits, and its canary."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import cover_number
from samples.models import EvidenceBundle, Sample, SampleItem
from samples.rules import digest_of, rank_of


def add_sample(enrollment: Enrollment, clerk: User, canary: str, *, at: Any) -> None:
    """As if it had been drawn there; whoever drew it is no reader of the matrix."""
    number = cover_number(enrollment.program.code, enrollment.period.code, enrollment.pk)
    sample = Sample.objects.create(
        program_id=enrollment.program_id, organization_id=enrollment.organization_id, region_code=enrollment.region_code,
        size=1, seed="matrix-seed", purpose=f"{canary}抽查", population=1, population_digest=digest_of([number]),
        digest=digest_of([number]), drawn_by=clerk, drawn_at=at,
    )
    SampleItem.objects.create(
        sample=sample, position=1, enrollment=enrollment, number=number, rank=rank_of(sample.seed, number), note=f"{canary}核查",
    )
    EvidenceBundle.objects.create(sample=sample, is_clear=True, purpose=f"{canary}取证", items=1, asked_by=clerk, asked_at=at)
