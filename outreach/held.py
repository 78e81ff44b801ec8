"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from outreach.models import SendingLine

HOLDINGS = (
    Holding(
        lambda whom: SendingLine.objects.filter(enrollment__in=whom.enrollments).select_related("sending").order_by("pk"),
        ("number",),
    ),
)
