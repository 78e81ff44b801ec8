"""Who may answer: whoever had no hand in the claim, and for a review the office above. Reads, never writes."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Organization, User
from claims.models import ClaimStep, Decision, Signature
from claims.rules.states import OPEN


def answerable_by(complaints: QuerySet[Any], user: User) -> Any:
    """Those of which the user is independent: recorded by others, of claims in which the user had no hand, of others' answers.

    The same is asked by the trigger `complaint_answered_by_who_had_no_hand_in_it`.
    """
    past = apps.get_model("claims", "ClaimEvent")
    of_claim = {"claim": OuterRef("claim")}
    return complaints.exclude(recorded_by=user).exclude(claim__handler=user).exclude(of__answered_by=user).exclude(
        Q(Exists(past.objects.filter(pgh_obj=OuterRef("claim"), handler=user)))
        | Q(Exists(ClaimStep.objects.filter(**of_claim, by=user, from_state__in=OPEN)))
        | Q(Exists(Decision.objects.filter(**of_claim, proposed_by=user)))
        | Q(Exists(Signature.objects.filter(decision__claim=OuterRef("claim"), by=user)))
    )


def is_above(user: User, office: Organization) -> bool:
    """Whether the user works in an office above another one; true of everybody where none is above."""
    if office.parent_id is None:
        return True
    path = user.organization.path
    return office.path != path and office.path.startswith(path)
