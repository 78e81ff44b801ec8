"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from years.models import YearLeft

HOLDINGS = (
    Holding(
        lambda whom: YearLeft.objects.filter(enrollment__in=whom.enrollments).select_related(
            "program", "organization", "category", "comparison__period__program", "comparison__before"
        ).order_by("pk"),
        (),
    ),
)
