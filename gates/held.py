"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from gates.models import ClearingLine, HeldPayment, NoticeLine, Objection, Refund, StatementRow, lines_of

HOLDINGS = (
    Holding(lambda whom: NoticeLine.objects.filter(enrollment__in=whom.enrollments).select_related("notice").order_by("pk")),
    # What was said against the person tells who said it; that there was an objection, why, and how it ended is theirs to know.
    Holding(
        lambda whom: Objection.objects.filter(enrollment__in=whom.enrollments).select_related("notice").order_by("pk"),
        ("text", "received_by", "decided_by"),
    ),
    Holding(lambda whom: lines_of(whom.enrollments).select_related("payment", "reversed_by").order_by("pk")),
    # What keeps a line from its end is a code of the machine.
    Holding(
        lambda whom: ClearingLine.objects.filter(enrollment__in=whom.enrollments).select_related("clearing").order_by("pk"),
        ("held", "paid", "arrival", "purchase", "why"),
    ),
    # Findings are the machine's codes; what the line said stands in its columns.
    Holding(
        lambda whom: StatementRow.objects.filter(enrollment__in=whom.enrollments).select_related(
            "statement", "file"
        ).order_by("pk"),
        ("codes", "findings", "verdict", "chunk"),
    ),
    Holding(
        lambda whom: HeldPayment.objects.filter(enrollment__in=whom.enrollments).select_related("statement").order_by("pk"),
        ("row",),
    ),
    Holding(
        lambda whom: Refund.objects.filter(enrollment__in=whom.enrollments).select_related("statement").order_by("pk"),
        ("row",),
    ),
)
