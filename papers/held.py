"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from papers.models import PersonRequest, Printing

HOLDINGS = (
    Holding(
        lambda whom: Printing.objects.filter(enrollment__in=whom.enrollments).select_related(
            "program", "period__program", "organization"
        ).order_by("pk"),
        ("asked_by", "decided_by", "folder", "digest"),
    ),
    Holding(
        lambda whom: PersonRequest.objects.filter(beneficiary__in=whom.beneficiaries).select_related(
            "program", "organization"
        ).order_by("pk"),
        ("recorded_by", "decided_by", "storage_key", "sha256"),
    ),
)
