"""Categories that are said at a counter: which those are, and what is kept of whoever was enrolled with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.db.models import Q, QuerySet

from audit.faults import fault_point
from beneficiaries.models import BeneficiaryCategory, Purchase
from programs.models import Category, Plan
from programs.reference import HARDSHIP


def said_of(plans: QuerySet[Plan]) -> QuerySet[Category]:
    """What some of these plans price and a person says of themselves. Who is in hardship is found by offices, and comes by
    rosters."""
    priced = Category.objects.filter(pk__in=plans.values("prices__category"), active=True)
    return priced.exclude(code__in=HARDSHIP).order_by("position", "pk")


def keep_said(purchase: Purchase, said: Mapping[int, Sequence[str]], *, begins: date) -> int:
    """What was said (beneficiary -> codes) holds from the first day of cover to the end of the period; how many rows that made.

    In the caller's transaction. What an office has on record for all of that time stands alone.
    """
    codes = {code for each in said.values() for code in each}
    ids = dict(Category.objects.filter(code__in=codes, holds_for_everybody=False).values_list("code", "pk")) if codes else {}
    if not ids:
        return 0
    ends = purchase.period.ends_on
    held = set(
        BeneficiaryCategory.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=ends), beneficiary__in=said, category__in=ids.values(), valid_from__lte=begins
        ).values_list("beneficiary", "category")
    )
    fault_point("beneficiaries.keep_said.before")
    made = BeneficiaryCategory.objects.bulk_create(
        BeneficiaryCategory(
            beneficiary_id=beneficiary, category_id=ids[code], valid_from=begins, valid_to=ends, purchase=purchase
        )
        for beneficiary, each in sorted(said.items()) for code in each if code in ids and (beneficiary, ids[code]) not in held
    )
    fault_point("beneficiaries.keep_said.after")
    return len(made)
