"""A file of claims about each place's cover, with an archive of papers, for the scope matrix."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from filings.models import ClaimFile, ClaimFileRow, PaperArchive, PaperEntry
from intake.models import File


def add_filings(world: World, office: Organization, clerk: User, enrollment: Enrollment, canary: str, *, at: Any) -> None:
    """A file under review with a line of the person, and an archive with a paper that found no claim."""
    day = timezone.localdate(at)
    subject = ClaimFile.objects.create(
        program=world.program, sender=office, organization=office, region_code=office.region_code or "", uploaded_by=clerk,
        uploaded_at=at, state="review", row_count=1, digest="0" * 64,
        counts={"verdicts": {"5": 1}, "codes": {"FILED_ELSEWHERE": 1}},
        money={"claims": 0, "rows": 0, "amount": "0.00", "held_rows": 1, "held": "2.00", "refused_rows": 0, "refused": "0.00"},
    )
    ClaimFileRow.objects.create(
        claim_file=subject, file_id=0, sheet=f"{canary}表", line=2, chunk=0, verdict=5, codes=["FILED_ELSEWHERE"], findings=[],
        enrollment=enrollment, name=f"{canary}甲", diagnosis=f"{canary}病", claim_number=f"{canary}报{enrollment.pk}", event_on=day,
        hospital_name=f"{canary}医院", total=Decimal("2.00"), payee="self", payee_name=f"{canary}甲",
        payee_account="6228480000000007",
    )
    file = File.objects.create(
        name=f"{canary}材料.zip", media_type="zip", size=1, sha256=f"{enrollment.pk:064d}", storage_key=f"filings-{enrollment.pk}",
        organization=office, uploaded_by=clerk, uploaded_at=at, purge_on=day + timedelta(days=365),
    )
    archive = PaperArchive.objects.create(claim_file=subject, file=file, state="read", uploaded_by=clerk, uploaded_at=at)
    PaperEntry.objects.create(
        archive=archive, position=0, path=f"{canary}甲/发票.pdf", size=1, kind="invoice", outcome="no_claim",
    )
