"""Samples drawn and their evidence, for tests."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from beneficiaries.testing import World
from jobs.testing import drain
from payouts import actions as payouts
from payouts.models import Batch
from payouts.testing import Till, downloaded, fresh, keys_of
from samples import actions
from samples.models import EvidenceBundle, Sample, SampleItem, Subject

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


def paid_out(till: Till, seed: str = SEED) -> SampleItem:
    """Everything that is owed is paid by one batch, and one of its payouts is drawn."""
    payouts.release_batch(till.authorized(till.prepare()), by=till.maker, at=timezone.now())
    drain()
    batch = Batch.objects.latest("pk")
    downloaded(till, batch)
    amounts = batch.batch_lines.order_by("number").values_list("amount", flat=True)
    till.answered(fresh(batch), [(key, f"{amount}", "Y") for key, amount in zip(keys_of(batch), amounts, strict=True)])
    sample = drawn(till.world, size=1, subject=Subject.PAYOUTS, seed=f"seed-of-{seed}"[:64])
    return sample.items.get()
