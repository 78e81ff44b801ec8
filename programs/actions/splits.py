"""Divisions of premiums as rows: made at the first need, shared by everybody with the same division."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction

from audit.faults import fault_point
from programs.errors import ProgramRefused
from programs.models import FundingSplit, FundingSplitLine
from programs.rules.funding import Split, resolve_split
from programs.terms import PlanTerms

Place = tuple[str, int]


def resolve_splits(
    terms: PlanTerms, places: Iterable[Place], *, premium: Decimal | None = None, price: Decimal | None = None
) -> tuple[dict[Place, FundingSplit], dict[Place, str]]:
    """Divisions by (county, category id), and for places without one the reason in words; `premium`, `price`: as in
    `resolve_split`."""
    found: dict[Place, Split] = {}
    reasons: dict[Place, str] = {}
    for county, category_id in places:
        try:
            found[county, category_id] = resolve_split(
                terms, county=county, category_id=category_id, premium=premium, price=price
            )
        except ProgramRefused as refused:
            reasons[county, category_id] = str(refused)
    rows = _rows(terms.plan_id, {split.key: split for split in found.values()})
    return {place: rows[split.key] for place, split in found.items()}, reasons


def split_of_parts(plan_id: int, lines: Iterable[tuple[int, Decimal]], *, own_share: Decimal) -> FundingSplit:
    """The division of a part of a premium: yuan of the insured person, and (funder, yuan) in the order of the payers."""
    parts = tuple(lines)
    split = Split(own_share + sum(amount for _funder, amount in parts), own_share, parts)
    return _rows(plan_id, {split.key: split})[split.key]


def _rows(plan_id: int, splits: dict[str, Split]) -> dict[str, FundingSplit]:
    known = {row.key: row for row in FundingSplit.objects.filter(plan_id=plan_id, key__in=splits)}
    for key in sorted(splits.keys() - known.keys()):
        known[key] = _made(plan_id, splits[key])
    return known


def _made(plan_id: int, split: Split) -> FundingSplit:
    """Insert unless another transaction is first: the unique key lets one of two through, the other waits and reads."""
    with transaction.atomic():
        row = FundingSplit(plan_id=plan_id, key=split.key, premium=split.premium, own_share=split.own_share)
        fault_point("programs.make_split.before")
        FundingSplit.objects.bulk_create([row], ignore_conflicts=True)
        stored = FundingSplit.objects.get(plan_id=plan_id, key=split.key)
        if not stored.lines.exists():
            FundingSplitLine.objects.bulk_create(
                FundingSplitLine(split=stored, position=position, funder_id=funder_id, amount=amount)
                for position, (funder_id, amount) in enumerate(split.lines, 1)
            )
        fault_point("programs.make_split.after")
    return stored
