"""Guardians put on record by the lines of a roster, and taken back with it: set-wise, one chunk, in the caller's transaction.

What a line begins bears its row; whom it replaces ends with that row. Nobody who stands as the line says begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit import blind_index
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries import same_person
from beneficiaries.models.person import IDENTITY
from beneficiaries.models.representative import OPEN, STANDS

#: SQL: whether somebody is a minor without a guardian on record, on the day %(day)s.
UNGUARDED = (
    "({birth} > %(last_adult_birth)s AND NOT EXISTS (SELECT FROM beneficiaries_representative r "
    f"WHERE r.beneficiary_id = {{beneficiary}} AND r.role = 'guardian' AND {STANDS}))"
)
#: Rows of a chunk that name a whole guardian: few, found by an index of their own.
_NAMED = "line.roster_id = %(roster)s AND line.chunk = %(chunk)s AND line.speaker_name IS NOT NULL"
_ANY = f"SELECT EXISTS (SELECT FROM beneficiaries_rosterrow line WHERE {_NAMED})"  # noqa: S608 - text of our own
# Somebody was put on record, or ended, since the row was checked: what it says of the guardian may be old.
_DRIFTED = f"""
UPDATE roster_work w SET drift = 'CHANGED_SINCE_REVIEW'
FROM beneficiaries_rosterrow line JOIN roster_work own ON own.row_id = line.id
LEFT JOIN LATERAL (
    SELECT max(r.id) AS id FROM beneficiaries_representative r
    WHERE r.beneficiary_id = own.beneficiary_id AND r.role = 'guardian' AND {OPEN}
) AS newest ON true
WHERE line.id = w.row_id AND w.drift = '' AND line.known_guardian_id IS DISTINCT FROM newest.id AND NOT {{same}} AND {_NAMED}
"""  # noqa: S608 - text of our own
# The plan's demand holds to the end: a guardian who stood at the review may have ended since.
_ALONE = f"""
UPDATE roster_work w SET drift = 'CHANGED_SINCE_REVIEW'
FROM beneficiaries_rosterrow line
WHERE line.id = w.row_id AND w.drift = '' AND NOT w.adds AND line.speaker_name IS NULL
    AND {UNGUARDED.format(birth="w.birth_on", beneficiary="w.beneficiary_id")}
"""  # noqa: S608 - text of our own
# Of a cover that a line only adds to: whoever has a guardian keeps them. New facts of one who stands leave the others; a new
# one replaces all.
_WORK = f"""
CREATE TEMPORARY TABLE guardian_work ON COMMIT DROP AS
SELECT w.row_id, w.beneficiary_id, theirs.phone, theirs.relation, ARRAY(
        SELECT r.id FROM beneficiaries_representative r
        WHERE r.beneficiary_id = w.beneficiary_id AND r.role = 'guardian' AND {OPEN}
            AND (r.id = theirs.id OR (theirs.stands IS NOT TRUE AND {STANDS}))
    ) AS replaced_ids
FROM beneficiaries_rosterrow line JOIN roster_work w ON w.row_id = line.id
LEFT JOIN LATERAL (
    SELECT r.id, {STANDS} AS stands, r.phone, r.relation FROM beneficiaries_representative r
    WHERE r.beneficiary_id = w.beneficiary_id AND r.role = 'guardian' AND {OPEN}
        AND r.identity_index_{{slot}} = line.guardian_index_{{slot}} LIMIT 1
) AS theirs ON true
WHERE {_NAMED} AND line.same_guardian_id IS NULL
    AND NOT (w.adds AND EXISTS (
        SELECT FROM beneficiaries_representative r
        WHERE r.beneficiary_id = w.beneficiary_id AND r.role = 'guardian' AND {STANDS}))
"""  # noqa: S608 - text of our own
# By number, and only who has not been ended meanwhile. Said so that no rarity is guessed: before its first statistics the
# planner takes whoever is open for one row, and reads the chunk once for each.
_END = f"""
UPDATE beneficiaries_representative r SET ended_row_id = g.row_id
FROM (SELECT row_id, unnest(replaced_ids) AS replaced_id FROM guardian_work) g
WHERE r.id = g.replaced_id AND coalesce({OPEN}, false)
"""  # noqa: S608 - text of our own
_BEGIN = """
INSERT INTO beneficiaries_representative (beneficiary_id, role, name, document_type, document, identity_index_a,
    identity_index_b, phone, relation, row_id, created_at)
SELECT g.beneficiary_id, 'guardian', line.speaker_name, line.guardian_document_type, line.speaker_document,
    line.guardian_index_a, line.guardian_index_b, coalesce(line.guardian_phone, g.phone),
    coalesce(line.guardian_relation, g.relation, ''), g.row_id, %(at)s
FROM guardian_work g JOIN beneficiaries_rosterrow line ON line.id = g.row_id ORDER BY g.row_id
"""
_BEGUN = "SELECT EXISTS (SELECT FROM beneficiaries_representative r JOIN undo_work w ON w.row_id = r.row_id)"
# `heir`: the first other line that says what this one said, and so put nobody on record itself.
_UNDONE = """
CREATE TEMPORARY TABLE undo_guardians ON COMMIT DROP AS
SELECT mine.id, mine.row_id, mine.beneficiary_id, mine.ended_row_id, heir.row_id AS heir
FROM undo_work w JOIN beneficiaries_representative mine ON mine.row_id = w.row_id
LEFT JOIN LATERAL (
    SELECT (array_agg(ur.id ORDER BY u.id))[1] AS row_id FROM {others} AND NOT {taken_back} AND ur.same_guardian_id = mine.id
) AS heir ON true
WHERE w.keeper = ''
"""
# Another line vouches for them: from now on they are that line's, and so are those whom they replaced.
_INHERIT = """
UPDATE beneficiaries_representative r SET row_id = CASE WHEN r.id = g.id THEN g.heir ELSE r.row_id END,
    ended_row_id = CASE WHEN r.ended_row_id = g.row_id THEN g.heir ELSE r.ended_row_id END
FROM undo_guardians g WHERE g.heir IS NOT NULL AND (r.id = g.id OR r.ended_row_id = g.row_id)
"""
# Whom the line had ended stands again, unless somebody else does by now; or is ended by what ended the line's own guardian.
_RESTORE = f"""
UPDATE beneficiaries_representative r SET ended_row_id = g.ended_row_id FROM undo_guardians g
WHERE g.heir IS NULL AND r.ended_row_id = g.row_id AND r.id <> g.id AND (g.ended_row_id IS NOT NULL OR NOT EXISTS (
    SELECT FROM beneficiaries_representative other
    WHERE other.beneficiary_id = g.beneficiary_id AND other.role = 'guardian' AND other.id <> g.id
        AND {OPEN.replace("r.", "other.")}))
"""  # noqa: S608 - text of our own
# Ended by their own line: taken back, and never restored by another undo. Whom a change ended stays ended by it.
_TAKE_BACK = """
UPDATE beneficiaries_representative r SET ended_row_id = r.row_id FROM undo_guardians g
WHERE r.id = g.id AND g.heir IS NULL AND r.ended_by_id IS NULL
"""


def mark_drift(cursor: Any, facts: Mapping[str, Any], *, demanded: bool = False) -> None:
    """In the work table of a chunk: rows whose person's guardians changed since the review; `demanded`: who lacks one."""
    if _named(cursor, facts):
        # However few such lines the planner believes in, none of them is compared with the whole chunk.
        cursor.execute("CREATE INDEX ON roster_work (row_id)")
        plan_anew(cursor)
        cursor.execute(_DRIFTED.format(same=same_person.IS_SAME.replace("r.codes", "line.codes")), facts)
    if demanded:
        cursor.execute(_ALONE, facts)


def put_on_record(cursor: Any, facts: Mapping[str, Any]) -> None:
    """Of the rows that are left in the work table: guardians begun, and those whom they replace ended."""
    if not _named(cursor, facts):
        return
    fault_point("beneficiaries.entrust.before")
    plan_anew(cursor)
    cursor.execute(_WORK.format(slot=blind_index.active_slot(IDENTITY)), facts)
    cursor.execute("ANALYZE guardian_work (row_id, beneficiary_id)")
    fault_point("beneficiaries.entrust.chosen")
    cursor.execute(_END, facts)
    fault_point("beneficiaries.entrust.ended")
    cursor.execute(_BEGIN, facts)
    cursor.execute("DROP TABLE guardian_work")
    fault_point("beneficiaries.entrust.after")


def take_back(cursor: Any, *, others: str, taken_back: str) -> None:
    """Of the lines of an undo's work table: what they put on record goes to another line that says it too, or is taken back."""
    cursor.execute(_BEGUN)
    if not cursor.fetchone()[0]:
        return
    fault_point("beneficiaries.undo_guardians.before")
    plan_anew(cursor)
    cursor.execute(_UNDONE.format(others=others, taken_back=taken_back))
    cursor.execute("ANALYZE undo_guardians (id, row_id, beneficiary_id)")
    for statement in (_INHERIT, _TAKE_BACK, _RESTORE):
        cursor.execute(statement)
    cursor.execute("DROP TABLE undo_guardians")
    fault_point("beneficiaries.undo_guardians.after")


def _named(cursor: Any, facts: Mapping[str, Any]) -> bool:
    cursor.execute(_ANY, facts)
    return bool(cursor.fetchone()[0])
