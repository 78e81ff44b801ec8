"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from subsidies.models import DifferenceLine, FundRequestLine

HOLDINGS = (
    # The other cover that made a line doubtful may be another office's record.
    Holding(
        lambda whom: FundRequestLine.objects.filter(enrollment__in=whom.enrollments).select_related(
            "request", "funder", "category"
        ).order_by("pk"),
        ("other_id",),
    ),
    Holding(
        lambda whom: DifferenceLine.objects.filter(enrollment__in=whom.enrollments).select_related(
            "differences", "funder"
        ).order_by("pk"),
    ),
)
