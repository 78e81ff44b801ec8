"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from results.models import ReportRow, Result

HOLDINGS = (
    Holding(lambda whom: Result.objects.filter(enrollment__in=whom.enrollments).select_related("report").order_by("pk")),
    # Findings are the machine's codes; what the line said stands in its columns.
    Holding(
        lambda whom: ReportRow.objects.filter(enrollment__in=whom.enrollments).select_related("report", "file").order_by("pk"),
        ("codes", "findings", "verdict", "chunk"),
    ),
)
