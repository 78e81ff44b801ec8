"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from samples.models import SampleItem

HOLDINGS = (
    # That the cover was looked at is the person's to know; what the auditor says of the office's work is not about them.
    Holding(
        lambda whom: SampleItem.objects.filter(enrollment__in=whom.enrollments).select_related("sample").order_by("pk"),
        ("finding", "note", "noted_by", "rank", "stratum"),
    ),
)
