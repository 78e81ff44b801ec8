"""Lines of an approved report become results, chunk by chunk; an undo marks them. Judged once more under the program's lock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from audit.faults import fault_point
from audit.history import carry_context, plan_anew
from beneficiaries.covers_named import IN_COVER
from intake.findings import Verdict
from intake.models import State
from intake.template import Applied, Undone
from results.errors import ResultsRefused
from results.matching import COUNTING, NOT_PAID_WORDS, SAME_BILL
from results.models import Report

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('results.recording:' || %(program)s, 0))"
_BUSY = (State.APPROVED, State.APPLYING, State.UNDOING)
# What another report has done to the cover since this one was compared, and what became of the cover, shows here; who accepted
# that the event lies outside of it is asked no more.
_WORK = f"""
CREATE TEMPORARY TABLE result_work ON COMMIT DROP AS
SELECT r.id AS row_id, r.enrollment_id,
    CASE
        WHEN c.row_id IS NULL OR e.id IS NULL THEN 'CHANGED_SINCE_REVIEW'
        WHEN touched.found THEN 'CHANGED_SINCE_REVIEW'
        WHEN twice.found AND NOT 'DOUBLED' = ANY(r.codes) THEN 'DOUBLED'
        WHEN NOT {IN_COVER.format(day="r.event_on")} AND NOT 'OUTSIDE_COVER' = ANY(r.codes) THEN 'CHANGED_SINCE_REVIEW'
        ELSE ''
    END AS drift
FROM results_reportrow r
LEFT JOIN results_recalculation c ON c.row_id = r.id
LEFT JOIN LATERAL (SELECT * FROM beneficiaries_enrollment WHERE id = r.enrollment_id LIMIT 1) AS e ON true
LEFT JOIN LATERAL (
    SELECT true AS found FROM results_result other WHERE other.enrollment_id = r.enrollment_id AND other.report_id <> r.report_id
        AND (other.applied_at > %(compared)s OR other.undone_at > %(compared)s) LIMIT 1
) AS touched ON true
LEFT JOIN LATERAL (
    SELECT true AS found FROM (
        SELECT 1 FROM results_result other WHERE other.program_id = %(program)s AND other.insurer_id = %(insurer)s
            AND other.claim_number = r.claim_number AND {COUNTING}
        UNION ALL
        SELECT 1 FROM results_result other WHERE other.report_id <> r.report_id AND {SAME_BILL} AND {COUNTING}
    ) AS any_of_them LIMIT 1
) AS twice ON true
WHERE r.report_id = %(report)s AND r.chunk = %(chunk)s AND r.verdict = %(new)s AND r.set_aside = ''
"""  # noqa: S608 - words of this room
_SET_ASIDE = """
UPDATE results_reportrow r SET set_aside = w.drift FROM result_work w WHERE w.row_id = r.id AND w.drift <> ''
"""
# In the order of covers, as the index that finds them.
_RECORD = """
INSERT INTO results_result (report_id, row_id, program_id, insurer_id, plan_id, period_id, organization_id, region_code,
    enrollment_id, claim_number, bill_number, event_on, hospital, diagnosis, cost, basic_paid, others_paid, paid, parts, paid_on,
    last_four, bank_result, comparison, why, due, difference, due_parts, decision_id, applied_at)
SELECT r.report_id, r.id, %(program)s, %(insurer)s, e.plan_id, e.period_id, e.organization_id, e.region_code, e.id,
    r.claim_number, coalesce(r.bill_number, ''), r.event_on, coalesce(r.hospital, ''), r.diagnosis, r.cost, r.basic_paid,
    r.others_paid, r.paid, r.parts, r.paid_on, coalesce(r.last_four, ''), coalesce(r.bank_result, ''), c.comparison, c.why, c.due,
    c.difference, c.parts, CASE WHEN 'DECIDED_ACCEPTED' = ANY(r.codes) THEN (
        SELECT (f ->> 'decision')::bigint FROM jsonb_array_elements(r.findings) AS f WHERE f ? 'decision' LIMIT 1) END, %(at)s
FROM result_work w
JOIN results_reportrow r ON r.id = w.row_id
JOIN results_recalculation c ON c.row_id = w.row_id
JOIN beneficiaries_enrollment e ON e.id = w.enrollment_id
ORDER BY e.id, r.id
"""
_UNDO = """
UPDATE results_result result SET undone_at = %(at)s FROM results_reportrow r
WHERE r.report_id = %(report)s AND r.chunk = %(chunk)s AND result.row_id = r.id AND result.undone_at IS NULL
"""


def refuse_beside(report: Report) -> None:
    """One report of a program is recorded or undone at a time; in the transaction of the approval, which holds the turn."""
    with connection.cursor() as cursor:
        cursor.execute(_TURN, {"program": report.program_id})
    beside = Report.objects.filter(program=report.program_id, state__in=_BUSY).exclude(pk=report.pk).order_by("pk").first()
    if beside is not None:
        raise ResultsRefused("ANOTHER_UNDER_WAY", number=beside.pk)


def record_chunk(report: Report, chunk: int, *, at: datetime) -> Applied:
    """Results of one chunk's lines, in the caller's transaction; who drifted since the review is set aside."""
    given: Mapping[str, Any] = {
        "report": report.pk, "chunk": chunk, "program": report.program_id, "insurer": report.insurer_id, "new": int(Verdict.NEW),
        "compared": report.compared_at, "not_paid": NOT_PAID_WORDS, "at": at,
    }
    carry_context()
    with connection.cursor() as cursor:
        fault_point("results.record_chunk.before")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        plan_anew(cursor)
        cursor.execute(_WORK, given)
        cursor.execute("ANALYZE result_work")
        cursor.execute(_SET_ASIDE)
        set_aside = cursor.rowcount
        cursor.execute("DELETE FROM result_work WHERE drift <> ''")
        fault_point("results.record_chunk.judged")
        plan_anew(cursor)
        cursor.execute(_RECORD, given)
        rows = cursor.rowcount
        cursor.execute("DROP TABLE result_work")
        fault_point("results.record_chunk.after")
    return Applied(rows, set_aside)


def undo_chunk(report: Report, chunk: int, *, at: datetime) -> Undone:
    """Results of one chunk stand no more, in the caller's transaction."""
    carry_context()
    with connection.cursor() as cursor:
        fault_point("results.undo_chunk.before")
        plan_anew(cursor)
        cursor.execute(_UNDO, {"report": report.pk, "chunk": chunk, "at": at})
        rows = cursor.rowcount
        fault_point("results.undo_chunk.after")
    return Undone(rows, {})
