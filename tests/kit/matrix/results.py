"""A report of payouts and a result of each place's cover, for the scope matrix."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from results.models import Recalculation, Report, ReportRow, Result


def add_results(world: World, office: Organization, clerk: User, enrollment: Enrollment, canary: str, *, at: Any) -> None:
    """A report under review with a line of the person, and a result as if it had been recorded from it."""
    day = timezone.localdate(at)
    report = Report.objects.create(
        program=world.program, insurer=world.insurer, organization=office, region_code=office.region_code or "",
        reference=f"{canary}赔付{enrollment.pk}", control_lines=1, control_amount=Decimal("1.00"), uploaded_by=clerk,
        uploaded_at=at, state="review", row_count=1, digest="0" * 64, compared_at=at,
        counts={"verdicts": {"5": 1}, "codes": {"OUTSIDE_COVER": 1}},
    )
    said = {
        "claim_number": f"{canary}案{enrollment.pk}", "event_on": day, "hospital": f"{canary}医院", "cost": Decimal("2.00"),
        "paid": Decimal("1.00"), "paid_on": day, "last_four": "0007",
    }
    row = ReportRow.objects.create(
        report=report, file_id=0, sheet=f"{canary}表", line=2, chunk=0, verdict=5, codes=["OUTSIDE_COVER"], findings=[],
        enrollment=enrollment, name=f"{canary}甲", diagnosis=f"{canary}病", **said,
    )
    Recalculation.objects.create(row_id=row.pk, report=report, slice=0, comparison="unknown", why="no_terms")
    Result.objects.create(
        report=report, row_id=row.pk, program=world.program, insurer=world.insurer, plan=enrollment.plan, period=enrollment.period,
        organization=enrollment.organization, region_code=enrollment.region_code, enrollment=enrollment, diagnosis=f"{canary}病",
        comparison="unknown", why="no_terms", applied_at=at, **said,
    )
