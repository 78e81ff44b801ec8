"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from records.models import Proposal, RecordRow

HOLDINGS = (
    Holding(lambda whom: Proposal.objects.filter(enrollment__in=whom.enrollments).select_related("record_list").order_by("pk")),
    # Findings are the machine's codes; what the line said stands in its columns.
    Holding(
        lambda whom: RecordRow.objects.filter(enrollment__in=whom.enrollments).select_related("record_list", "file").order_by("pk"),
        ("codes", "findings", "verdict", "chunk", "plan", "age"),
    ),
)
