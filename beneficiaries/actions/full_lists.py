"""A roster declared as the full list of a region or category."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from audit.faults import fault_point
from beneficiaries import missing
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import FullList, Roster
from beneficiaries.models.roster import ENROLLING
from beneficiaries.purposes import template_of
from intake.deciding import in_review, settle
from programs.models import Category


def declare_full(
    roster: Roster, *, region: str, category: Category | None = None, ends_missing: bool = False, reason: str, by: User,
    at: datetime,
) -> FullList:
    """Look up who of the office's covered people is missing; the digest that is approved covers the list."""
    if roster.purpose not in ENROLLING:
        raise BeneficiariesRefused("FULL_LIST_ENROLLING_ONLY")
    if roster.renewed_period_id is not None:
        raise BeneficiariesRefused("RENEWAL_HAS_NO_FILES")
    with transaction.atomic():
        roster = in_review(roster, template_of(roster))
        fault_point("beneficiaries.declare_full_list.before")
        found = missing.declare(
            roster, region=region, category=category, ends_missing=ends_missing, reason=reason, by=by, at=at
        )
        settle(roster, template_of(roster), {}, at=at)
        fault_point("beneficiaries.declare_full_list.after")
    return found
