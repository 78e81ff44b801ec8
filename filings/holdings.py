"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from filings.models import ClaimFileRow, PaperEntry

HOLDINGS = (
    # Findings are the machine's codes; what the line said stands in its columns.
    Holding(
        lambda whom: ClaimFileRow.objects.filter(enrollment__in=whom.enrollments).select_related("claim_file", "file", "hospital")
        .order_by("pk"),
        ("codes", "findings", "verdict", "chunk"),
    ),
    Holding(
        lambda whom: PaperEntry.objects.filter(case__claims__enrollment__in=whom.enrollments)
        .select_related("archive", "case", "paper").distinct().order_by("pk"),
        ("position", "code"),
    ),
)
