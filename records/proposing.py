"""Records of an approved file become proposals, chunk by chunk; an undo lets them lapse. Judged once more under a lock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from audit.faults import fault_point
from audit.history import carry_context, plan_anew
from beneficiaries.covers_named import IN_COVER
from intake.findings import Verdict
from intake.models import State
from intake.template import Applied, Undone
from records.errors import RecordsRefused
from records.matching import claimed_sql
from records.models import RecordList

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('records.proposing:' || %(program)s, 0))"
_BUSY = (State.APPROVED, State.APPLYING, State.UNDOING)
# What has been claimed or taken in since the file was compared, and what became of the cover, shows here.
_WORK = """
CREATE TEMPORARY TABLE record_work ON COMMIT DROP AS
SELECT r.id AS row_id, r.enrollment_id,
    CASE
        WHEN c.row_id IS NULL OR e.id IS NULL OR NOT {covered} OR e.plan_id <> r.plan_id THEN 'CHANGED_SINCE_REVIEW'
        WHEN touched.found THEN 'CHANGED_SINCE_REVIEW'
        WHEN twice.found THEN 'TAKEN_BEFORE'
        ELSE coalesce({claimed}, '')
    END AS drift
FROM records_recordrow r
LEFT JOIN records_calculation c ON c.row_id = r.id
LEFT JOIN LATERAL (SELECT * FROM beneficiaries_enrollment WHERE id = r.enrollment_id LIMIT 1) AS e ON true
LEFT JOIN LATERAL (
    SELECT true AS found FROM records_proposal other WHERE other.enrollment_id = r.enrollment_id
        AND other.record_list_id <> r.record_list_id AND (other.applied_at > %(compared)s OR other.undone_at > %(compared)s) LIMIT 1
) AS touched ON true
LEFT JOIN LATERAL (
    SELECT true AS found FROM records_proposal other WHERE other.program_id = %(program)s
        AND other.settlement_number = r.settlement_number AND other.undone_at IS NULL LIMIT 1
) AS twice ON true
WHERE r.record_list_id = %(record_list)s AND r.chunk = %(chunk)s AND r.verdict = %(new)s AND r.set_aside = ''
"""
_SET_ASIDE = "UPDATE records_recordrow r SET set_aside = w.drift FROM record_work w WHERE w.row_id = r.id AND w.drift <> ''"
# In the order of covers, as the index that finds them.
_PROPOSE = """
INSERT INTO records_proposal (record_list_id, row_id, program_id, plan_id, period_id, organization_id, region_code, enrollment_id,
    settlement_number, hospital, diagnosis, setting, admitted_on, discharged_on, settled_on, total, due, parts, state, reason,
    applied_at)
SELECT r.record_list_id, r.id, %(program)s, e.plan_id, e.period_id, e.organization_id, e.region_code, e.id,
    r.settlement_number, coalesce(r.hospital, ''), r.diagnosis, r.setting, r.admitted_on, r.discharged_on, r.settled_on, r.total,
    c.due, c.parts,
    CASE WHEN c.due > 0 THEN 'open' ELSE 'nothing' END, '', %(at)s
FROM record_work w
JOIN records_recordrow r ON r.id = w.row_id
JOIN records_calculation c ON c.row_id = w.row_id
JOIN beneficiaries_enrollment e ON e.id = w.enrollment_id
ORDER BY e.id, r.id
"""
# A proposal with a claim stays, and its row says so.
_UNDO = """
UPDATE records_proposal p SET undone_at = %(at)s, state = 'lapsed', told_on = NULL, reason = '' FROM records_recordrow r
WHERE r.record_list_id = %(record_list)s AND r.chunk = %(chunk)s AND p.row_id = r.id AND p.undone_at IS NULL AND p.case_id IS NULL
"""
_KEEP = """
UPDATE records_recordrow r SET kept = 'CLAIMED' FROM records_proposal p
WHERE r.record_list_id = %(record_list)s AND r.chunk = %(chunk)s AND p.row_id = r.id AND p.case_id IS NOT NULL AND r.kept = ''
"""


def refuse_beside(record_list: RecordList) -> None:
    """One file of a program is taken in or undone at a time; in the transaction of the approval, which holds the turn."""
    with connection.cursor() as cursor:
        cursor.execute(_TURN, {"program": record_list.program_id})
    beside = RecordList.objects.filter(program=record_list.program_id, state__in=_BUSY).exclude(pk=record_list.pk)
    first = beside.order_by("pk").first()
    if first is not None:
        raise RecordsRefused("ANOTHER_UNDER_WAY", number=first.pk)


def propose_chunk(record_list: RecordList, chunk: int, *, at: datetime) -> Applied:
    """Proposals of one chunk's records, in the caller's transaction; what drifted since the review is set aside."""
    given: dict[str, Any] = {
        "record_list": record_list.pk, "chunk": chunk, "program": record_list.program_id, "new": int(Verdict.NEW),
        "compared": record_list.compared_at, "at": at,
    }
    carry_context()
    with connection.cursor() as cursor:
        fault_point("records.propose_chunk.before")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        plan_anew(cursor)
        cursor.execute(_WORK.format(covered=IN_COVER.format(day="r.discharged_on"), claimed=claimed_sql()), given)
        cursor.execute("ANALYZE record_work")
        cursor.execute(_SET_ASIDE)
        set_aside = cursor.rowcount
        cursor.execute("DELETE FROM record_work WHERE drift <> ''")
        fault_point("records.propose_chunk.judged")
        plan_anew(cursor)
        cursor.execute(_PROPOSE, given)
        rows = cursor.rowcount
        cursor.execute("DROP TABLE record_work")
        fault_point("records.propose_chunk.after")
    return Applied(rows, set_aside)


def undo_chunk(record_list: RecordList, chunk: int, *, at: datetime) -> Undone:
    """Proposals of one chunk lapse, in the caller's transaction; those with a claim stay."""
    carry_context()
    given: dict[str, Any] = {"record_list": record_list.pk, "chunk": chunk, "at": at}
    with connection.cursor() as cursor:
        fault_point("records.undo_chunk.before")
        plan_anew(cursor)
        cursor.execute(_UNDO, given)
        rows = cursor.rowcount
        cursor.execute(_KEEP, given)
        kept = cursor.rowcount
        fault_point("records.undo_chunk.after")
    return Undone(rows, {"CLAIMED": kept} if kept else {})
