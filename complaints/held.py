"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from complaints.models import Complaint

HOLDINGS = (
    Holding(
        lambda whom: Complaint.objects.filter(claim__enrollment__in=whom.enrollments).select_related(
            "claim", "decision", "of", "program", "organization"
        ).order_by("pk"),
        ("recorded_by", "answered_by", "told_by"),
    ),
)
