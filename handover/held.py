"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from handover.models import HandOverLine, InvoiceLine

HOLDINGS = (
    Holding(lambda whom: HandOverLine.objects.filter(enrollment__in=whom.enrollments).select_related("hand_over").order_by("pk")),
    Holding(
        lambda whom: InvoiceLine.objects.filter(line__enrollment__in=whom.enrollments).select_related("invoice").order_by("pk")
    ),
)
