"""A place's comparison of years for the scope matrix: as if its period had one before, and its person had left."""

from __future__ import annotations

from typing import Any

from beneficiaries.models import Enrollment
from programs.models import Period, Plan
from years.models import Comparison, PlanReview, YearCount, YearLeft


def add_review(enrollment: Enrollment, *, at: Any) -> None:
    """A review of the program's period, as if it were over; one of a program, whatever its offices."""
    if not PlanReview.objects.filter(program=enrollment.program_id).exists():
        period = Period.objects.get(pk=enrollment.period_id)
        PlanReview.objects.create(
            program_id=period.program_id, period=period, plan_id=period.plan_id, figures=[], digest="0" * 64,
            drawn_by_id=Plan.objects.get(pk=period.plan_id).drafted_by_id, drawn_at=at,
        )


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
    add_review(enrollment, at=at)
    YearLeft.objects.create(**place, enrollment=enrollment, region_code=enrollment.region_code)
    YearCount.objects.create(
        **place, region_code=enrollment.region_code[:6], split_before_id=enrollment.split_id, people=1
    )
