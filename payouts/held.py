"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from payouts.models import BatchLine

HOLDINGS = (
    Holding(
        lambda whom: BatchLine.objects.filter(payable__claim__enrollment__in=whom.enrollments).select_related("batch")
        .order_by("pk")
    ),
)
