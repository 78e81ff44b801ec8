"""Unpaid enrollments taken back, set-wise: one call, one batch of one roster, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.models import Roster
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.money import COUNTY_DIGITS
from programs import actions as programs
from programs.actions import Demand

_LAPSE = """
UPDATE beneficiaries_enrollment e SET state = %(lapsed)s
FROM (
    SELECT id FROM beneficiaries_enrollment
    WHERE roster_id = %(roster)s AND state = %(awaiting)s AND own_paid_at IS NULL AND own_share > 0
    ORDER BY id LIMIT %(limit)s FOR UPDATE
) AS unpaid
WHERE e.id = unpaid.id RETURNING e.id
"""
# Place and category of the line it came from: what the reservation was made for, wherever the person lives by now.
_COST = """
SELECT line.funder_id, left(r.region_code, {digits}), r.category_id, sum(line.amount), count(*)
FROM beneficiaries_enrollment e JOIN beneficiaries_rosterrow r ON r.id = e.row_id
JOIN programs_fundingsplitline line ON line.split_id = e.split_id
WHERE e.id = ANY(%s) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_OWN = "SELECT coalesce(sum(own_share), 0) FROM beneficiaries_enrollment WHERE id = ANY(%s)"


@dataclass(frozen=True)
class Lapsed:
    """How many enrollments lapsed, and the yuan that funders got back."""

    people: int
    released: Decimal


def lapse_rows(roster: Roster, *, limit: int, at: datetime) -> Lapsed:
    """Let a batch of a roster's unpaid enrollments lapse and give their money back."""
    with connection.cursor() as cursor:
        fault_point("beneficiaries.lapse.before")
        plan_anew(cursor)
        cursor.execute(
            _LAPSE,
            {
                "roster": roster.pk, "limit": limit, "lapsed": EnrollmentState.LAPSED,
                "awaiting": EnrollmentState.AWAITING,
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return Lapsed(0, Decimal("0.00"))
        cursor.execute(_COST.format(digits=COUNTY_DIGITS), [ids])
        cost = [
            Demand(funder_id=funder, county=county, category_id=category, amount=amount, count=count)
            for funder, county, category, amount, count in cursor.fetchall()
        ]
        cursor.execute(_OWN, [ids])
        own = cursor.fetchone()[0]
    programs.give_back_used(roster, cost, own_share=own, people=len(ids), by="system:lapse", at=at)
    fault_point("beneficiaries.lapse.after")
    return Lapsed(len(ids), sum((each.amount for each in cost), Decimal("0.00")))
