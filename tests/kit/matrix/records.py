"""A file of settlement records and a proposal of each place's cover, for the scope matrix."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from records.models import Calculation, Proposal, RecordList, RecordRow


def add_records(world: World, office: Organization, clerk: User, enrollment: Enrollment, canary: str, *, at: Any) -> None:
    """A file under review with a record of the person, and a proposal as if it had been taken in."""
    day = timezone.localdate(at)
    record_list = RecordList.objects.create(
        program=world.program, organization=office, region_code=office.region_code or "", reference=f"{canary}结算{enrollment.pk}",
        uploaded_by=clerk, uploaded_at=at, state="review", row_count=1, digest="0" * 64, compared_at=at,
        counts={"verdicts": {"5": 1}, "codes": {"RECORD_OTHER_NAME": 1}},
    )
    said = {
        "settlement_number": f"{canary}单{enrollment.pk}", "hospital": f"{canary}医院", "setting": "outpatient",
        "discharged_on": day,
        "settled_on": day, "total": Decimal("2.00"), "diagnosis": f"{canary}病",
    }
    row = RecordRow.objects.create(
        record_list=record_list, file_id=0, sheet=f"{canary}表", line=2, chunk=0, verdict=5, codes=["RECORD_OTHER_NAME"],
        findings=[],
        enrollment=enrollment, plan=enrollment.plan, name=f"{canary}甲", **said,
    )
    Calculation.objects.create(row_id=row.pk, record_list=record_list, slice=0, due=Decimal("1.00"))
    Proposal.objects.create(
        record_list=record_list, row_id=row.pk, program=world.program, plan=enrollment.plan, period=enrollment.period,
        organization=enrollment.organization, region_code=enrollment.region_code, enrollment=enrollment, due=Decimal("1.00"),
        state="open", applied_at=at, **said,
    )
