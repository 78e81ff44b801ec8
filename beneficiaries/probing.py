"""Rosters as a way to ask who is known elsewhere: counted a day and office tree, capped, and seen by auditors.

A row whose document another organization knows under another name is in doubt, and that doubt is an answer: the document
is registered, and the name is not this one. Few such rows are honest mistakes; many are questions.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.models import Organization
from audit import events
from audit.faults import fault_point
from audit.models import Event
from beneficiaries.models import Beneficiary, Roster
from intake.findings import Verdict
from programs.models import Program

VERB = "roster.conflicts_elsewhere"
ONE = "program.conflict_elsewhere"
# Conflicts with people of whom no office of the program's own tree has a row.
_ELSEWHERE = """
SELECT count(*) FROM beneficiaries_rosterrow r
WHERE r.roster_id = %s AND r.verdict = %s AND 'IDENTITY_CONFLICT' = ANY(r.codes) AND NOT EXISTS (
    SELECT FROM beneficiaries_beneficiary b JOIN accounts_organization o ON o.id = b.organization_id
    WHERE b.person_id = r.known_person_id AND starts_with(o.path, %s)
)
"""


def exceeds_cap(roster: Roster, *, at: datetime) -> bool:
    """Count a checked roster's conflicts with people known elsewhere, record them, and say whether they are too many.

    Counted with those of every program of the same office, of the 24 hours before, whoever asked. In the caller's transaction.
    """
    tree = roster.program.organization.path
    with connection.cursor() as cursor:
        # Rosters that are checked at once must not pass the cap together.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"beneficiaries.probing:{tree}"])
        cursor.execute(_ELSEWHERE, [roster.pk, int(Verdict.DOUBTFUL), tree])
        found = int(cursor.fetchone()[0])
    if not found:
        return False
    fault_point("beneficiaries.count_conflicts.before")
    events.record(
        VERB, roster, by="system:intake", at=at, organization=roster.organization, region_code=roster.region_code,
        program_id=roster.program_id, data={"rows": found},
    )
    fault_point("beneficiaries.count_conflicts.after")
    return _asked(tree, at=at) > settings.IDENTITY_CONFLICTS_PER_DAY


def record_conflict(program: Program, person_id: int, *, organization: Organization, by: Any, at: datetime) -> None:
    """One person asked for without a roster whose document only other trees know, under another name."""
    tree = program.organization.path
    if Beneficiary.objects.filter(person=person_id, organization__path__startswith=tree).exists():
        return
    events.record(
        "program.conflict_elsewhere", program, by=by, at=at, organization=organization,
        region_code=organization.region_code, program_id=program.pk, data={"rows": 1},
    )


def is_capped(program: Program, *, at: datetime) -> bool:
    """Whether the offices of a program's tree have asked as much as a day allows."""
    return _asked(program.organization.path, at=at) >= settings.IDENTITY_CONFLICTS_PER_DAY


def _asked(tree: str, *, at: datetime) -> int:
    # By program: an office above may ask, too, and its events carry its own path.
    programs = Program.objects.filter(organization__path=tree).values("pk")
    day = Event.objects.filter(verb__in=(VERB, ONE), program_id__in=programs, at__gt=at - timedelta(days=1))
    return sum(int(rows) for rows in day.values_list("data__rows", flat=True))
