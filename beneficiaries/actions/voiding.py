"""Enrollments that should never have been made, voided before they cover, or since nobody paid: their money goes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.gating import PASSABLE, lock_rosters
from beneficiaries.models import Enrollment, Purchase, Roster
from beneficiaries.models.enrollment import LIVE, EnrollmentState
from beneficiaries.voiding import void, void_of_owners
from programs import actions as programs

# How much of each purchase stood as paid.
_UNPAID = """
WITH unpaid AS (
    UPDATE beneficiaries_enrollment SET own_paid_at = NULL WHERE purchase_id = ANY(%s) AND own_paid_at IS NOT NULL
    RETURNING purchase_id, own_share
)
SELECT purchase_id, sum(own_share) FROM unpaid GROUP BY 1
"""


def void_waiting(
    covers: QuerySet[Enrollment], *, by: Any, at: datetime, rosters: Mapping[int, Roster] | None = None
) -> int:
    """Void enrollments that still wait for a gate and give back what was used for them; how many those were.

    As an undo does it: from used back to available, nothing owed any more; who had paid is owed the own share. Whoever
    covers already is left as they are. `covers` are of one roster or purchase each; a roster that is being undone is refused.
    `rosters`: theirs, which the caller has locked or shares; else they are locked here.
    """
    with transaction.atomic():
        if rosters is None:
            rosters = lock_rosters(covers)
        if any(roster.state not in PASSABLE for roster in rosters.values()):
            raise BeneficiariesRefused("GATE_UNDONE")
        waiting = covers.filter(state=EnrollmentState.AWAITING)
        locked = list(waiting.order_by("pk").select_for_update(of=("self",)).values_list("pk", "roster", "purchase"))
        fault_point("beneficiaries.void_waiting.before")
        void_of_owners(locked, rosters, by=by, at=at)
        fault_point("beneficiaries.void_waiting.after")
    return len(locked)


def void_unpaid(purchases: QuerySet[Purchase], *, by: Any, at: datetime) -> int:
    """The payments that came with these purchases never came: nobody has paid, and whoever stands is voided; how many those were.

    As an undo does it, cover that has begun among it: as if it had never stood. What ended or was taken back before stays so.
    In the caller's transaction, which has made sure that nothing keeps the covers and that no money went back.
    """
    found = list(purchases.select_related("organization").order_by("pk"))
    ids = [purchase.pk for purchase in found]
    covers = Enrollment.objects.filter(purchase__in=ids)
    list(covers.order_by("pk").select_for_update(of=("self",), no_key=False).values_list("pk", flat=True))
    fault_point("beneficiaries.void_unpaid.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(_UNPAID, [ids])
        unpaid = dict(cursor.fetchall())
    standing: dict[int, list[int]] = {}
    for purchase_id, pk in covers.filter(state__in=LIVE).order_by("pk").values_list("purchase", "pk"):
        standing.setdefault(purchase_id, []).append(pk)
    for purchase in found:
        if unpaid.get(purchase.pk) != purchase.own_share:
            raise RuntimeError(f"purchase {purchase.pk}: {purchase.own_share} yuan were paid, {unpaid.get(purchase.pk)} stand")
        programs.reverse_own(
            purchase, purchase.own_share, held=Decimal("0.00"), program_id=purchase.program_id, people=purchase.people, by=by, at=at
        )
        if purchase.pk in standing:
            void(purchase, standing[purchase.pk], by=by, at=at)
        events.record(
            "purchase.never_paid", purchase, by=by, at=at, organization=purchase.organization,
            region_code=purchase.region_code, program_id=purchase.program_id,
            data={"amount": str(purchase.own_share), "covers": len(standing.get(purchase.pk, []))},
        )
    fault_point("beneficiaries.void_unpaid.after")
    return sum(len(each) for each in standing.values())
