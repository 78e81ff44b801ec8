"""What a funder is to be asked: the difference between what each enrollment costs it and what earlier lines ask, set-wise.

A list is not kept up to date; it is made of differences, so that whatever happened since (an undo, an ending, a merge, an
ending that was undone) stands on the next one by itself, with the sign that it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.faults import fault_point
from beneficiaries.money import COUNTY_DIGITS
from subsidies.models import FundRequest

#: Enrollments at a step.
BATCH = 50_000
_SETTINGS = "SET LOCAL work_mem = '64MB'"
#: Through the primary key from where the last step ended; the place is that of the line it came from, as reservations have it.
_STEP = """
SELECT count(*), max(id) FROM (
    SELECT id FROM beneficiaries_enrollment WHERE id > %(after)s AND period_id = %(period)s ORDER BY id LIMIT %(limit)s
) AS step
"""
_COST = """
SELECT split_id, sum(amount) AS amount FROM programs_fundingsplitline WHERE funder_id = %(funder)s GROUP BY 1
"""
#: What each enrollment costs the funder now: `due`; what earlier lines ask: `asked`, with their number.
DUE = f"""
SELECT e.id AS enrollment_id, e.row_id, e.region_code, e.category_id,
    CASE WHEN coalesce(earlier.left_out, false) THEN 0
        WHEN e.state IN ('in_force', 'ended') AND (earlier.asked > 0 OR
            greatest(e.created_at, e.notice_passed_at, e.own_paid_at, e.accepted_at) < %(cut)s)
        THEN cost.amount - coalesce(back.amount, 0) ELSE 0 END AS due,
    coalesce(earlier.asked, 0) AS asked, coalesce(earlier.turns, 0) AS turns
FROM beneficiaries_enrollment e
JOIN ({_COST}) AS cost ON cost.split_id = e.split_id
LEFT JOIN LATERAL (
    SELECT sum(l.amount) AS asked, count(*) AS turns, bool_or(l.verdict = 'left_out') AS left_out
    FROM subsidies_fundrequestline l WHERE l.enrollment_id = e.id AND l.funder_id = %(funder)s AND l.stands
) AS earlier ON true
LEFT JOIN LATERAL (
    SELECT sum(d.amount) AS amount FROM subsidies_differenceline d
    WHERE d.enrollment_id = e.id AND d.funder_id = %(funder)s AND d.stands
) AS back ON true
WHERE e.period_id = %(period)s
"""  # noqa: S608 - constants of this module
_LINES = f"""
INSERT INTO subsidies_fundrequestline (
    request_id, funder_id, enrollment_id, turn, county, category_id, share, amount, times, new_person, doubt, verdict,
    reason, stands
)
SELECT %(request)s, %(funder)s, found.enrollment_id, found.turns,
    left(coalesce(r.region_code, found.region_code), {COUNTY_DIGITS}), coalesce(r.category_id, found.category_id),
    found.due - found.asked, found.due - found.asked, sign(found.due) - sign(found.asked),
    found.due > 0 AND found.turns = 0, '', '', '', true
FROM ({DUE} AND e.id > %(after)s AND e.id <= %(until)s) AS found
LEFT JOIN beneficiaries_rosterrow r ON r.id = found.row_id
WHERE found.due <> found.asked ORDER BY found.enrollment_id
"""  # noqa: S608 - constants of this module
#: Other covers of the same person that this funder is asked for by earlier lines. A merged person's covers are with who stays.
_OTHERS = """
UPDATE subsidies_fundrequestline l
SET new_person = false, doubt = CASE WHEN found.overlapping IS NULL THEN '' ELSE 'overlaps' END,
    other_id = found.overlapping
FROM (
    SELECT mine.id, min(other.id) FILTER (
        WHERE asked.times > 0 AND other.starts_at < e.ends_at AND other.ends_at > e.starts_at
    ) AS overlapping
    FROM subsidies_fundrequestline mine
    JOIN beneficiaries_enrollment e ON e.id = mine.enrollment_id
    JOIN beneficiaries_enrollment other ON other.person_id = e.person_id AND other.id <> e.id
    JOIN LATERAL (
        SELECT sum(l.times) AS times, bool_or(l.times = 1) AS known FROM subsidies_fundrequestline l
        WHERE l.enrollment_id = other.id AND l.funder_id = %(funder)s AND l.stands AND l.id < mine.id
    ) AS asked ON asked.known
    WHERE mine.request_id = %(request)s AND mine.enrollment_id > %(after)s AND mine.enrollment_id <= %(until)s
        AND mine.times = 1
    GROUP BY mine.id
) AS found
WHERE l.id = found.id
"""
#: Whoever another funder subsidizes at that time in another program; which cover that is, stands nowhere.
_ELSEWHERE = """
UPDATE subsidies_fundrequestline l SET doubt = 'elsewhere'
WHERE l.request_id = %(request)s AND l.enrollment_id > %(after)s AND l.enrollment_id <= %(until)s AND l.times = 1
    AND l.doubt = '' AND EXISTS (
        SELECT FROM beneficiaries_enrollment e
        JOIN beneficiaries_enrollment other ON other.person_id = e.person_id AND other.program_id <> e.program_id
        JOIN programs_fundingsplitline part ON part.split_id = other.split_id AND part.funder_id <> %(funder)s AND part.amount > 0
        WHERE e.id = l.enrollment_id AND other.state IN ('in_force', 'ended') AND other.ends_at > other.starts_at
            AND other.starts_at < e.ends_at AND other.ends_at > e.starts_at)
"""
_GONE = "DELETE FROM subsidies_fundrequestpart WHERE request_id = %s"
_PARTS = """
INSERT INTO subsidies_fundrequestpart (
    request_id, county, category_id, people, removals, times, new_people, asked, taken_off, left_out, amount
)
SELECT request_id, county, category_id, count(*) FILTER (WHERE turn = 0 AND verdict <> 'left_out'),
    count(*) FILTER (WHERE turn > 0 AND verdict <> 'left_out'), sum(times),
    count(*) FILTER (WHERE new_person AND times = 1), coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
    coalesce(sum(amount) FILTER (WHERE amount < 0), 0), coalesce(sum(share) FILTER (WHERE verdict = 'left_out'), 0),
    sum(amount)
FROM subsidies_fundrequestline WHERE request_id = %s GROUP BY 1, 2, 3 ORDER BY 2, 3
"""
_SUMS = """
SELECT coalesce(sum(people), 0), coalesce(sum(removals), 0), coalesce(sum(amount), 0.00)
FROM subsidies_fundrequestpart WHERE request_id = %s
"""
_DIGEST = """
SELECT encode(sha256(convert_to(coalesce(string_agg(
    county || ' ' || category_id || ' ' || enrollment_id || ' ' || amount, E'\\n' ORDER BY enrollment_id
), ''), 'UTF8')), 'hex') FROM subsidies_fundrequestline WHERE request_id = %s
"""


@dataclass(frozen=True)
class Step:
    """Where a step ended, how many enrollments it read, how many lines it left; no enrollment: the list is whole."""

    until: int
    read: int
    lines: int


def add_lines(request: FundRequest, *, after: int) -> Step:
    """Put the next enrollments of the period on a request's list, in the caller's transaction."""
    facts: dict[str, Any] = {
        "request": request.pk, "funder": request.funder_id, "period": request.period_id, "cut": cut_moment(request),
        "after": after, "limit": BATCH,
    }
    with connection.cursor() as cursor:
        fault_point("subsidies.add_lines.before")
        cursor.execute(_SETTINGS)
        cursor.execute(_STEP, facts)
        read, until = cursor.fetchone()
        if not read:
            return Step(after, 0, 0)
        facts["until"] = until
        cursor.execute(_LINES, facts)
        lines = cursor.rowcount
        if lines:
            cursor.execute(_OTHERS, facts)
            cursor.execute(_ELSEWHERE, facts)
        fault_point("subsidies.add_lines.after")
    return Step(until, read, lines)


def sum_up(request: FundRequest) -> None:
    """Write a request's sums by county and category from its lines, and its own from those; saved by the caller."""
    with connection.cursor() as cursor:
        fault_point("subsidies.sum_up.before")
        cursor.execute(_GONE, [request.pk])
        cursor.execute(_PARTS, [request.pk])
        cursor.execute(_SUMS, [request.pk])
        request.people, request.removals, request.amount = cursor.fetchone()
        fault_point("subsidies.sum_up.after")


def digest_of(request: FundRequest) -> str:
    """SHA-256 over every line, in the order of the enrollments."""
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, [request.pk])
        return str(cursor.fetchone()[0])


def cut_moment(request: FundRequest) -> datetime:
    """The moment after the cut day."""
    return timezone.make_aware(datetime.combine(request.cut_on + timedelta(days=1), time.min))
