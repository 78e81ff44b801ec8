"""Enrollments voided and their money given back, set-wise, in the caller's transaction; locks are the caller's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.models import Purchase, Roster
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.money import COUNTY_DIGITS
from programs import actions as programs
from programs.actions import Demand

# Place and category of the line it came from: what the reservation was made for, wherever the person lives by now.
_COST = """
SELECT part.funder_id, left(coalesce(r.region_code, e.region_code), {digits}), coalesce(r.category_id, e.category_id),
    sum(part.amount), count(*)
FROM beneficiaries_enrollment e LEFT JOIN beneficiaries_rosterrow r ON r.id = e.row_id
JOIN programs_fundingsplitline part ON part.split_id = e.split_id
WHERE e.id = ANY(%s) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def void_of_owners(
    locked: Iterable[tuple[int, int | None, int | None]], rosters: Mapping[int, Roster], *, by: Any, at: datetime
) -> None:
    """Void locked enrollments, told as (id, roster, purchase), each with the money of the one that it came by."""
    of_rosters: dict[int, list[int]] = {}
    of_purchases: dict[int, list[int]] = {}
    for pk, roster_id, purchase_id in locked:
        if roster_id is not None:
            of_rosters.setdefault(roster_id, []).append(pk)
        elif purchase_id is not None:
            of_purchases.setdefault(purchase_id, []).append(pk)
    purchases = Purchase.objects.select_related("organization").in_bulk(of_purchases)
    owners: list[tuple[Roster | Purchase, list[int]]] = [
        *((rosters[pk], ids) for pk, ids in sorted(of_rosters.items())),
        *((purchases[pk], ids) for pk, ids in sorted(of_purchases.items())),
    ]
    for owner, ids in owners:
        void(owner, ids, by=by, at=at)


def void(owner: Roster | Purchase, ids: list[int], *, by: Any, at: datetime) -> None:
    """Void locked enrollments of one roster or purchase: from used back to available, nothing owed any more."""
    fault_point("beneficiaries.void.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(
            "UPDATE beneficiaries_enrollment SET state = %s WHERE id = ANY(%s)", [EnrollmentState.VOIDED, ids]
        )
        cursor.execute(_COST.format(digits=COUNTY_DIGITS), [ids])
        cost = [
            Demand(funder_id=funder, county=county, category_id=category, amount=amount, count=count)
            for funder, county, category, amount, count in cursor.fetchall()
        ]
        cursor.execute("SELECT sum(own_share) FROM beneficiaries_enrollment WHERE id = ANY(%s)", [ids])
        own = cursor.fetchone()[0]
    programs.take_back_used(owner, cost, own_share=own, people=len(ids), by=by, at=at)
    released = sum((each.amount for each in cost), Decimal("0.00"))
    verb = "roster.covers_voided" if isinstance(owner, Roster) else "purchase.covers_voided"
    events.record(
        verb, owner, by=by, at=at, organization=owner.organization, region_code=owner.region_code,
        program_id=owner.program_id, data={"covers": len(ids), "released": str(released)},
    )
    fault_point("beneficiaries.void.after")
