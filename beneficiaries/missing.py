"""Who is covered and missing from a full list: found set-wise, listed, and ended only where that was asked and approved.

Whoever a row may speak of is not missing: covered, doubtful and decided rows name their people, too, and a row that may be
somebody under another document names them until it is decided. A row that was refused with an unreadable document names
nobody: correct such rows before you ask to end anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Enrollment, FullList, MissingEnrollment, Roster
from beneficiaries.models.enrollment import LIVE
from intake.deciding import reason_of
from programs.models import Category

#: Ends the given covers for a roster, in the transaction that finishes it; gives how many.
Ender = Callable[[Roster, QuerySet, datetime], int]
_enders: list[Ender] = []

# A row speaks of whom it was found to be, and of whom it may be.
_FIND = """
WITH named AS MATERIALIZED (
    SELECT known_person_id AS person_id FROM beneficiaries_rosterrow
    WHERE roster_id = %(roster)s AND known_person_id IS NOT NULL
    UNION ALL
    -- Whom a row was found to be may have been merged since.
    SELECT p.merged_into_id FROM beneficiaries_rosterrow r JOIN beneficiaries_person p ON p.id = r.known_person_id
    WHERE r.roster_id = %(roster)s AND p.merged_into_id IS NOT NULL
    UNION ALL
    SELECT (f ->> 'extra')::bigint FROM beneficiaries_rosterrow r, jsonb_array_elements(r.findings) AS f
    WHERE r.roster_id = %(roster)s AND r.verdict = 5 AND r.codes && '{SAME_PERSON}'::varchar[]
        AND f ->> 'code' = 'SAME_PERSON'
)
INSERT INTO beneficiaries_missingenrollment (full_list_id, enrollment_id)
SELECT %(full_list)s, e.id FROM beneficiaries_enrollment e
WHERE e.program_id = %(program)s AND e.period_id = %(period)s AND e.organization_id = %(organization)s
    AND e.state = ANY(%(live)s) AND starts_with(e.region_code, %(region)s)
    AND (%(category)s::bigint IS NULL OR e.category_id = %(category)s)
    AND NOT EXISTS (SELECT FROM named WHERE named.person_id = e.person_id)
ORDER BY e.id
"""
_BATCH = 50_000


def register_ender(ender: Ender) -> None:
    """Who ends covers; asked for in the declaration only when there is one. Called from `ready()`."""
    _enders[:] = [ender]


def can_end() -> bool:
    """Whether the cover of missing people can be ended."""
    return bool(_enders)


def declare(
    roster: Roster, *, region: str, category: Category | None, ends_missing: bool, reason: str, by: User, at: datetime
) -> FullList:
    """Say that the locked roster in review names everybody of a region (and category): who is missing is looked up.

    Said again, it replaces what was said before. The caller (`actions.declare_full`) settles the roster's digest.
    """
    if not region.startswith(roster.region_code):
        raise BeneficiariesRefused("OUT_OF_REACH")
    if ends_missing and not can_end():
        raise BeneficiariesRefused("NO_ENDING")
    kept = FullList.objects.filter(roster=roster).first() or FullList(roster=roster)
    kept.region_prefix, kept.category, kept.ends_missing = region, category, ends_missing
    kept.reason, kept.declared_by, kept.declared_at = reason_of(reason), by, at
    kept.digest = kept.digest or "-"
    fault_point("beneficiaries.declare_full.before")
    kept.save()
    look_up(kept)
    events.record(
        "roster.full_list_declared", roster, by=by, at=at, organization=roster.organization,
        region_code=roster.region_code, program_id=roster.program_id,
        data={"people": kept.people, "region": region, "ends": ends_missing, "reason": kept.reason},
    )
    fault_point("beneficiaries.declare_full.after")
    return kept


def look_up(full_list: FullList) -> None:
    """Find the missing anew, in the caller's transaction: the roster's rows may have been decided since."""
    roster = full_list.roster
    fault_point("beneficiaries.look_up_missing.before")
    MissingEnrollment.objects.filter(full_list=full_list).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND,
            {
                "full_list": full_list.pk, "roster": roster.pk, "program": roster.program_id, "period": roster.period_id,
                "organization": roster.organization_id, "live": [state.value for state in LIVE],
                "region": full_list.region_prefix, "category": full_list.category_id,
            },
        )
        full_list.people = cursor.rowcount
    fault_point("beneficiaries.declare_full.found")
    whole = hashlib.sha256()
    ids = MissingEnrollment.objects.filter(full_list=full_list).order_by("enrollment").values_list("enrollment", flat=True)
    for number in ids.iterator(chunk_size=_BATCH):
        whole.update(f"{number}\n".encode())
    full_list.digest = whole.hexdigest()
    full_list.save(update_fields=["people", "digest"])
    fault_point("beneficiaries.look_up_missing.after")


def again(roster: Roster) -> None:
    """After rows were decided: who is missing may have changed."""
    full_list = FullList.objects.filter(roster=roster).first()
    if full_list is not None:
        look_up(full_list)


def missing_of(roster: Roster) -> QuerySet:
    """The covers of who is missing, in the order of their ids."""
    listed = MissingEnrollment.objects.filter(full_list__roster=roster).values("enrollment")
    return Enrollment.objects.filter(pk__in=listed).order_by("pk")


def end_missing(roster: Roster, *, at: datetime) -> int:
    """End what was asked and approved: covers on the list that are still live. In the transaction that finishes a roster."""
    full_list = FullList.objects.filter(roster=roster, ends_missing=True).first()
    if full_list is None:
        return 0
    if not _enders:
        raise BeneficiariesRefused("NO_ENDING")
    with transaction.atomic():
        fault_point("beneficiaries.end_missing.before")
        ended = _enders[0](roster, missing_of(roster).filter(state__in=LIVE), at)
        events.record(
            "roster.missing_ended", roster, by="system:intake", at=at, organization=roster.organization,
            region_code=roster.region_code, program_id=roster.program_id, data={"people": ended},
        )
        fault_point("beneficiaries.end_missing.after")
    return ended


def said_of(roster: Roster) -> list[str]:
    """What the roster's digest binds it to."""
    return [f"full list {kept.said}" for kept in FullList.objects.filter(roster=roster)]
