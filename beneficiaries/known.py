"""What rosters that enroll nobody are applied from: the rows of one chunk with the person and beneficiary that they name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from audit import blind_index
from audit.history import plan_anew
from beneficiaries import entrusting
from beneficiaries.applying import DROP_DRIFTED, INDEX_WORK, SET_ASIDE, SETTINGS
from beneficiaries.models import Roster
from beneficiaries.models.person import IDENTITY, NAME
from beneficiaries.turns import work_beside_others
from intake.findings import Verdict

# Locked in one order before they are compared: what another roster writes meanwhile shows as drift.
_LOCK = """
SELECT FROM beneficiaries_beneficiary beneficiary
JOIN beneficiaries_rosterrow r ON r.known_person_id = beneficiary.person_id
WHERE r.roster_id = %(roster)s AND r.chunk = %(chunk)s AND r.verdict = %(changed)s AND r.set_aside = ''
    AND beneficiary.program_id = %(program)s AND beneficiary.organization_id = %(organization)s
ORDER BY beneficiary.id FOR NO KEY UPDATE OF beneficiary
"""
# Rows without a change do nothing: they are applied by being left alone.
_WORK = """
CREATE TEMPORARY TABLE roster_work ON COMMIT DROP AS
SELECT r.id AS row_id, known.id AS person_id, beneficiary.id AS beneficiary_id, false AS is_new_beneficiary,
       false AS adds, r.verdict = %(changed)s AS is_changed,
       CASE
           WHEN beneficiary.restricted_at IS NOT NULL THEN 'NOT_PROCESSED'
           WHEN beneficiary.id IS NULL OR r.known_person_id IS DISTINCT FROM known.id
               OR known.name_index_{name} IS DISTINCT FROM r.name_index_{name} OR ({drift}) THEN 'CHANGED_SINCE_REVIEW'
           ELSE ''
       END AS drift, {columns}
FROM beneficiaries_rosterrow r
LEFT JOIN LATERAL (
    SELECT id, name_index_{name}, deceased_on FROM beneficiaries_person
    WHERE identity_index_{identity} = r.identity_index_{identity}
    UNION ALL
    SELECT person.id, person.name_index_{name}, person.deceased_on
    FROM beneficiaries_persondocument document JOIN beneficiaries_person person ON person.id = document.person_id
    WHERE document.identity_index_{identity} = r.identity_index_{identity} AND document.standing <> 'mistaken' LIMIT 1
) AS known ON true
LEFT JOIN LATERAL (
    SELECT id, contact_digest, restricted_at FROM beneficiaries_beneficiary
    WHERE person_id = known.id AND program_id = %(program)s AND organization_id = %(organization)s LIMIT 1
) AS beneficiary ON true
WHERE r.roster_id = %(roster)s AND r.chunk = %(chunk)s AND r.verdict = ANY(%(applicable)s) AND r.set_aside = ''
ORDER BY r.identity_index_{identity}
"""


def facts_of(roster: Roster, chunk: int, *, at: datetime) -> dict[str, Any]:
    """What the statements of one chunk are asked with."""
    return {
        "roster": roster.pk, "chunk": chunk, "program": roster.program_id, "organization": roster.organization_id,
        "changed": int(Verdict.CHANGED), "applicable": [int(Verdict.CHANGED), int(Verdict.UNCHANGED)], "at": at,
        "day": timezone.localdate(at), "zone": settings.TIME_ZONE,
    }


def make_work(cursor: CursorWrapper, roster: Roster, facts: dict[str, Any], *, columns: str, drift: str) -> int:
    """Fill `roster_work` with a chunk's rows and set aside what changed since the review; how many rows that were.

    `columns` of the rows to be had along; `drift`: what else counts as changed.
    """
    cursor.execute(SETTINGS)
    work_beside_others(cursor, roster)
    cursor.execute(_LOCK, facts)
    cursor.execute(
        _WORK.format(
            identity=blind_index.active_slot(IDENTITY), name=blind_index.active_slot(NAME), columns=columns, drift=drift
        ),
        facts,
    )
    cursor.execute("ANALYZE roster_work (row_id, beneficiary_id, drift, is_changed)")
    entrusting.mark_drift(cursor, facts)
    plan_anew(cursor)
    cursor.execute(SET_ASIDE)
    set_aside = cursor.rowcount
    cursor.execute(DROP_DRIFTED)
    cursor.execute(INDEX_WORK)
    return set_aside
