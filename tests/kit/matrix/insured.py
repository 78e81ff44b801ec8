"""The plan of our city borne by several insurers, with a paper, for the scope matrix: one reads it beside the lead."""

from __future__ import annotations

import io
from decimal import Decimal

import pgtrigger

from accounts.models import Organization
from accounts.testing import make_organization
from beneficiaries.testing import World
from intake import storage
from programs.models import PlanInsurer, PlanPaper
from programs.testing import pdf


def share_plan(world: World) -> Organization:
    """As if it had been drafted so; gives the insurer that does not lead."""
    other = make_organization("示例人寿保险HY", kind="insurer")
    kept = storage.store(io.BytesIO(pdf()), year=world.at.year, limit=10_000, folder=f"plan-papers/{world.plan.pk}")
    with pgtrigger.ignore("programs.PlanInsurer:plan_insurer_stands", "programs.PlanPaper:plan_paper_stands"):
        PlanInsurer.objects.create(plan=world.plan, insurer=world.insurer, share=Decimal("60.00"), lead=True)
        PlanInsurer.objects.create(plan=world.plan, insurer=other, share=Decimal("40.00"))
        PlanPaper.objects.create(
            plan=world.plan, kind="authorization", name="授权书.pdf", media_type="application/pdf", size=kept.size,
            sha256=kept.sha256, storage_key=kept.key, uploaded_by=world.finance_maker, uploaded_at=world.at,
        )
    return other
