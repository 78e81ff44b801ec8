"""A list of earlier years of each program and office, for the scope matrix."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from beneficiaries.models import Enrollment
from continuity.models import EarlierList


def add_earlier(enrollment: Enrollment, clerk: User, *, at: Any) -> None:
    """As if it had been checked."""
    EarlierList.objects.get_or_create(
        program=enrollment.program, organization=enrollment.organization,
        defaults={
            "region_code": enrollment.organization.region_code or "", "as_of": at.date(), "state": "review", "uploaded_by": clerk,
            "uploaded_at": at, "row_count": 1, "counts": {"verdicts": {"1": 1}, "codes": {}}, "digest": "d",
        },
    )
