"""Rows that a person decided to be of somebody known: how applying finds them, and corrects name and document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit import blind_index, events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.marking import mark_people
from beneficiaries.models import Roster, RosterChunk
from beneficiaries.models.person import IDENTITY
from intake.findings import Verdict

#: Whether a row `r` is of the person whom the decision names: it is found by `known_person_id`, not by its document.
IS_SAME = "r.codes && '{DECIDED_SAME,DECIDED_CORRECTED}'::varchar[]"
# Two lines of one file may have been taken for one person: the first enrolls them, as it would across chunks.
_REPEATED = """
UPDATE roster_work w SET drift = 'ALREADY_COVERED' FROM (
    SELECT row_id, row_number() OVER (PARTITION BY person_id ORDER BY row_id) AS place FROM roster_work WHERE drift = ''
) AS ranked WHERE ranked.row_id = w.row_id AND ranked.place > 1
"""
# `by_another_document`: the line names them by a further or former document of theirs.
_TO_CORRECT = """
CREATE TEMPORARY TABLE roster_corrections ON COMMIT DROP AS
SELECT DISTINCT ON (p.id) p.id AS person_id, r.id AS row_id, EXISTS (
    SELECT FROM beneficiaries_persondocument own WHERE own.person_id = p.id AND own.standing <> 'mistaken'
        AND own.identity_index_{identity} = r.identity_index_{identity}
) AS by_another_document
FROM beneficiaries_rosterrow r
JOIN beneficiaries_person p ON p.id = r.known_person_id
WHERE r.roster_id = %(roster)s AND r.chunk = %(chunk)s AND r.codes && '{{DECIDED_CORRECTED}}'::varchar[]
    AND r.verdict = ANY(%(verdicts)s) AND r.set_aside = '' AND NOT EXISTS (
        SELECT FROM beneficiaries_person other
        WHERE other.identity_index_{identity} = r.identity_index_{identity} AND other.id <> p.id
        UNION ALL
        SELECT FROM beneficiaries_persondocument other
        WHERE other.identity_index_{identity} = r.identity_index_{identity} AND other.standing <> 'mistaken'
            AND other.person_id <> p.id)
ORDER BY p.id, r.id
"""
_LOCK = "SELECT FROM beneficiaries_person WHERE id IN (SELECT person_id FROM roster_corrections) ORDER BY id FOR UPDATE"
# The number that goes was found wrong: still found by search, it names nobody in a roster.
_FORMER = """
INSERT INTO beneficiaries_persondocument (person_id, document_type, document, identity_index_a, identity_index_b, standing,
    created_at)
SELECT p.id, p.document_type, p.document, p.identity_index_a, p.identity_index_b, 'mistaken', %(at)s
FROM roster_corrections c JOIN beneficiaries_rosterrow r ON r.id = c.row_id JOIN beneficiaries_person p ON p.id = c.person_id
WHERE p.identity_index_{identity} <> r.identity_index_{identity} AND NOT c.by_another_document ORDER BY p.id
"""
# A line that names them by another document of theirs corrects the name alone.
_CORRECT = """
UPDATE beneficiaries_person p SET name = r.name, name_index_a = r.name_index_a, name_index_b = r.name_index_b,
    document = CASE WHEN c.by_another_document THEN p.document ELSE r.document END,
    document_type = CASE WHEN c.by_another_document THEN p.document_type
        ELSE coalesce(r.document_type, p.document_type) END,
    identity_index_a = CASE WHEN c.by_another_document THEN p.identity_index_a ELSE r.identity_index_a END,
    identity_index_b = CASE WHEN c.by_another_document THEN p.identity_index_b ELSE r.identity_index_b END,
    birth_on = coalesce(r.birth_on, p.birth_on), sex = coalesce(r.sex, p.sex)
FROM roster_corrections c JOIN beneficiaries_rosterrow r ON r.id = c.row_id WHERE p.id = c.person_id
"""
#: Of covered people the name is corrected, too, though nothing else of their lines is used.
_VERDICTS = [int(each) for each in (Verdict.NEW, Verdict.CHANGED, Verdict.UNCHANGED, Verdict.COVERED)]


def mark_repeated(cursor: Any, roster: Roster, chunk: int) -> None:
    """In the work table of a chunk with decisions: leave the first of several rows of one person."""
    if _codes(roster, chunk) & {"DECIDED_SAME", "DECIDED_CORRECTED"}:
        cursor.execute(_REPEATED)


def correct(cursor: Any, roster: Roster, chunk: int, *, at: datetime) -> None:
    """Give people the names and documents that were decided for them; history keeps what stood before."""
    if "DECIDED_CORRECTED" not in _codes(roster, chunk):
        return
    fault_point("beneficiaries.apply.corrections.before")
    facts = {"roster": roster.pk, "chunk": chunk, "verdicts": _VERDICTS}
    cursor.execute(_TO_CORRECT.format(identity=blind_index.active_slot(IDENTITY)), facts)
    cursor.execute(_LOCK)
    cursor.execute(_FORMER.format(identity=blind_index.active_slot(IDENTITY)), {"at": at})
    fault_point("beneficiaries.apply.corrections.former")
    plan_anew(cursor)
    cursor.execute(_CORRECT)
    corrected = cursor.rowcount
    cursor.execute("SELECT person_id FROM roster_corrections")
    mark_people(*(person for (person,) in cursor.fetchall()))
    cursor.execute("DROP TABLE roster_corrections")
    if corrected:
        events.record(
            "roster.people_corrected", roster, by="system:intake", at=at, organization=roster.organization,
            region_code=roster.region_code, program_id=roster.program_id, data={"chunk": chunk + 1, "people": corrected},
        )
    fault_point("beneficiaries.apply.corrections.after")


def _codes(roster: Roster, chunk: int) -> set[str]:
    return set(RosterChunk.objects.get(roster=roster, number=chunk).counts["codes"])
