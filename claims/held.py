"""What this room holds about a person, for whoever asks for a copy of their data."""

from __future__ import annotations

from beneficiaries.holdings import Holding
from claims.models import Bill, Case, Claim, CoverUsage, Decision, Paper, Payable, Recovery

_OFFICIAL = ("account_index_a", "account_index_b", "handler", "account_stated_by", "settlement", "waits_from")

HOLDINGS = (
    Holding(
        lambda whom: Claim.objects.filter(enrollment__in=whom.enrollments).select_related(
            "case", "program", "plan", "period__program", "organization"
        ).order_by("pk"),
        _OFFICIAL,
    ),
    Holding(
        lambda whom: Case.objects.filter(claims__enrollment__in=whom.enrollments).select_related("organization").distinct()
        .order_by("pk"),
        ("recorded_by",),
    ),
    Holding(
        lambda whom: Bill.objects.filter(case__claims__enrollment__in=whom.enrollments).select_related("case", "hospital")
        .distinct().order_by("pk"),
        ("entered_by", "explained_by", "findings", "department"),
    ),
    Holding(
        lambda whom: Paper.objects.filter(case__claims__enrollment__in=whom.enrollments).select_related("case").distinct()
        .order_by("pk"),
        ("uploaded_by", "removed_by", "storage_key", "sha256"),
    ),
    Holding(
        lambda whom: Decision.objects.filter(claim__enrollment__in=whom.enrollments).select_related("claim").order_by("pk"),
        # Codes of the engine: what they mean stands in the letter.
        (
            "proposed_by", "digest", "terms_digest", "usage_version", "cause", "effects", "used_before", "used", "refusals",
            "refusal_code", "assumed", "undecided", "burden",
        ),
    ),
    Holding(lambda whom: CoverUsage.objects.filter(enrollment__in=whom.enrollments).order_by("pk"), ("version",)),
    Holding(
        lambda whom: Payable.objects.filter(claim__enrollment__in=whom.enrollments).select_related(
            "claim", "program", "organization", "decision"
        ).order_by("pk"),
        # Why a bank did not pay is told in words with its result, by the room that pays.
        ("account_index_a", "account_index_b", "instead_of", "failure"),
    ),
    Holding(
        lambda whom: Recovery.objects.filter(payable__claim__enrollment__in=whom.enrollments).select_related("payable")
        .order_by("pk"),
        ("made_by", "decided_by", "reverses"),
    ),
)
