"""A place's comparison of years for the scope matrix: as if its period had one before, and its person had left."""

from __future__ import annotations

from typing import Any

from beneficiaries.models import Enrollment
from programs.models import Period
from years.models import Comparison, YearCount, YearLeft


def compare_years(enrollment: Enrollment, *, at: Any) -> None:
    """One comparison a program; the cover counts as that of the year before."""
    comparison = Comparison.objects.filter(program=enrollment.program_id).first()
    if comparison is None:
        own = Period.objects.get(pk=enrollment.period_id)
        later = Period.objects.create(
            program_id=own.program_id, plan_id=own.plan_id, code=f"{own.code}+", starts_on=own.ends_on,
            ends_on=own.ends_on.replace(year=own.ends_on.year + 1), enrollment_opens_on=own.enrollment_opens_on,
            enrollment_closes_on=own.enrollment_closes_on,
        )
        comparison = Comparison.objects.create(period=later, before=own, program_id=own.program_id, counted_at=at)
    place = {
        "comparison": comparison, "program_id": enrollment.program_id, "organization_id": enrollment.organization_id,
        "category_id": enrollment.category_id, "outcome": "not_renewed",
    }
    YearLeft.objects.create(**place, enrollment=enrollment, region_code=enrollment.region_code)
    YearCount.objects.create(
        **place, region_code=enrollment.region_code[:6], split_before_id=enrollment.split_id, people=1
    )
