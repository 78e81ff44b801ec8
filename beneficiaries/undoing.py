"""Applied rows taken back, set-wise: covers voided, contact put back, categories ended, money given back. One call, one chunk."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from audit import blind_index, events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries import entrusting, health_lines, marking
from beneficiaries.keepers import ADDED, ALREADY_ENDED, CHANGED_SINCE, keeper_case
from beneficiaries.models import Ending, Roster
from beneficiaries.models.enrollment import LIVE, EnrollmentState
from beneficiaries.money import COUNTY_DIGITS
from beneficiaries.turns import work_alone
from intake.findings import Verdict
from intake.models import Chunk
from intake.template import Undone
from programs import actions as programs
from programs.actions import Demand

_APPLICABLE = [int(Verdict.NEW), int(Verdict.CHANGED), int(Verdict.UNCHANGED)]
#: Contact that is kept as tokens, made anew for each line: equal tokens mean that this very line was the writer.
_SEALED = ("phone", "address", "bank_account", "guardian_name", "guardian_document")
_FIELDS = ("region_code", "bank_name", *_SEALED)

# As in applying: sorts stay in memory, and each row finds what it needs by an index, in lateral subqueries.
_SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off"
_ROWS = """
CREATE TEMPORARY TABLE undo_rows ON COMMIT DROP AS
SELECT r.id AS row_id, e.id AS enrollment_id, e.person_id, e.beneficiary_id, e.split_id, e.own_share,
    left(r.region_code, {digits}) AS county, r.category_id
FROM beneficiaries_rosterrow r
JOIN LATERAL (SELECT * FROM beneficiaries_enrollment WHERE row_id = r.id LIMIT 1) AS e ON true
WHERE r.roster_id = %(roster)s AND r.chunk = %(chunk)s AND r.verdict = ANY(%(applicable)s) AND r.set_aside = ''
"""
# Locked before anything is looked at: a claim under way is waited for, and then seen.
_LOCK_COVERS = """
SELECT FROM beneficiaries_enrollment WHERE id = ANY(ARRAY(SELECT enrollment_id FROM undo_rows)) ORDER BY id FOR UPDATE
"""
_LOCK_BENEFICIARIES = """
SELECT FROM beneficiaries_beneficiary WHERE id = ANY(ARRAY(SELECT beneficiary_id FROM undo_rows))
ORDER BY id FOR NO KEY UPDATE
"""
#: True of a line `ur` and its cover `u` that an undo has taken back: it vouches for nothing any more.
_TAKEN_BACK = f"(u.state = '{EnrollmentState.VOIDED}' OR ur.kept = '{ALREADY_ENDED}')"
_OTHERS = """
beneficiaries_enrollment u JOIN beneficiaries_rosterrow ur ON ur.id = u.row_id
    WHERE u.person_id = w.person_id AND u.beneficiary_id = w.beneficiary_id AND u.id <> w.enrollment_id
"""
# A beneficiary's history, fenced off: asked for its last row, the planner would walk all history backwards for each line
# (measured: over six minutes for a chunk instead of seconds).
_VERSIONS = "(SELECT * FROM beneficiaries_beneficiaryevent WHERE pgh_obj_id = w.beneficiary_id OFFSET 0)"
# What the line wrote is what stands there with the moment of its chunk, or stood there before somebody wrote over it.
_WORK = """
CREATE TEMPORARY TABLE undo_work ON COMMIT DROP AS
SELECT judged.*,
    CASE WHEN keeper <> '' THEN keeper WHEN NOT live THEN '{already_ended}' WHEN stays THEN '{changed_since}' ELSE '' END
        AS kept,
    (keeper = '' AND live) AS voids,
    (keeper = '' AND ({some_back} OR digest_back)) AS puts_back
FROM (
    SELECT w.*, (e.state = ANY(%(live)s)) AS live, (e.own_paid_at IS NOT NULL) AS is_paid, {keeper} AS keeper,
        made.is_created, coalesce(written.id, {last}) AS before_id,
        {backs},
        (made.wrote AND later.lines = 0
            AND (b.updated_at = %(applied_at)s OR b.contact_digest = r.contact_digest)) AS digest_back,
        (made.wrote AND ({stays})) AS stays
    FROM undo_rows w
    JOIN LATERAL (SELECT * FROM beneficiaries_enrollment WHERE id = w.enrollment_id LIMIT 1) AS e ON true
    JOIN LATERAL (SELECT * FROM beneficiaries_rosterrow WHERE id = w.row_id LIMIT 1) AS r ON true
    JOIN LATERAL (SELECT * FROM beneficiaries_beneficiary WHERE id = w.beneficiary_id LIMIT 1) AS b ON true
    JOIN LATERAL (
        SELECT min(v.pgh_id) AS id FROM {versions} AS v WHERE v.updated_at = %(applied_at)s
    ) AS written ON true
    JOIN LATERAL (
        SELECT b.created_at = %(applied_at)s AS is_created,
            b.created_at = %(applied_at)s OR b.updated_at = %(applied_at)s OR written.id IS NOT NULL AS wrote
    ) AS made ON true
    JOIN LATERAL (
        SELECT count(*) AS lines, {laters} FROM {others} AND u.created_at > %(applied_at)s AND NOT {taken_back}
    ) AS later ON true
) AS judged
"""
_VOID = """
UPDATE beneficiaries_enrollment e SET state = %(voided)s FROM undo_work w WHERE e.id = w.enrollment_id AND w.voids
"""
# Field by field: the last version before the line's own whose value does not come from a line that was taken back.
_BEFORE = """
CREATE TEMPORARY TABLE undo_before ON COMMIT DROP AS
SELECT w.row_id, {fields} FROM undo_work w
CROSS JOIN LATERAL {versions} AS v
CROSS JOIN LATERAL (SELECT {taken} FROM {others} AND {taken_back}) AS taken
WHERE w.puts_back AND NOT w.is_created AND v.pgh_id < w.before_id GROUP BY w.row_id
"""
_PUT_BACK = """
UPDATE beneficiaries_beneficiary b SET {fields},
    contact_digest = CASE WHEN w.digest_back THEN coalesce(p.contact_digest, %(nothing)s) ELSE b.contact_digest END,
    updated_at = %(at)s
FROM undo_work w LEFT JOIN undo_before p ON p.row_id = w.row_id WHERE b.id = w.beneficiary_id AND w.puts_back
"""
# A category that another line names too is from now on that line's; else it never held. No LIMIT: see above.
_CATEGORIES = """
UPDATE beneficiaries_beneficiarycategory c
SET row_id = coalesce(given.heir, c.row_id), valid_from = coalesce(given.heir_from, c.valid_from),
    valid_to = CASE WHEN given.heir IS NULL THEN c.valid_from END
FROM (
    SELECT mine.id, heir.row_id AS heir, heir.day AS heir_from FROM undo_work w
    CROSS JOIN LATERAL (
        SELECT id, category_id FROM beneficiaries_beneficiarycategory
        WHERE beneficiary_id = w.beneficiary_id AND row_id = w.row_id AND valid_to IS NULL
    ) AS mine
    LEFT JOIN LATERAL (
        SELECT (array_agg(ur.id ORDER BY u.id))[1] AS row_id,
            (array_agg((u.created_at AT TIME ZONE %(zone)s)::date ORDER BY u.id))[1] AS day
        FROM {others} AND NOT {taken_back} AND ur.category_ids @> ARRAY[mine.category_id]
    ) AS heir ON true
    WHERE w.keeper = ''
) AS given
WHERE c.id = given.id
"""
# Lines without a cover of their own: what they brought belongs to a cover that this undo leaves.
_KEEP_ADDED = """
UPDATE beneficiaries_rosterrow SET kept = %(added)s
WHERE roster_id = %(roster)s AND chunk = %(chunk)s AND verdict = %(changed)s AND set_aside = '' AND split_id IS NULL
"""
_KEEP = "UPDATE beneficiaries_rosterrow r SET kept = w.kept FROM undo_work w WHERE r.id = w.row_id AND w.kept <> ''"
# Place and category of the line: what the reservation was made for. Grouped before it is joined.
_COST = """
SELECT line.funder_id, place.county, place.category_id, sum(line.amount * place.people), sum(place.people)::bigint
FROM (
    SELECT split_id, county, category_id, count(*) AS people FROM undo_work WHERE voids GROUP BY 1, 2, 3
) AS place
JOIN programs_fundingsplitline line ON line.split_id = place.split_id
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_OWN = """
SELECT coalesce(sum(own_share), 0), count(*), count(*) FILTER (WHERE is_paid AND own_share > 0),
    coalesce(sum(own_share) FILTER (WHERE is_paid), 0)
FROM undo_work WHERE voids
"""
# Whoever a later line ended again, or has been enrolled anew meanwhile, stays as they are.
_RESTORE = """
UPDATE beneficiaries_enrollment e SET state = %(in_force)s, ends_at = d.ended_before
FROM beneficiaries_ending d
WHERE d.roster_id = %(roster)s AND e.id = d.enrollment_id AND e.state = %(ended)s
    AND NOT EXISTS (
        SELECT FROM beneficiaries_ending later WHERE later.enrollment_id = d.enrollment_id AND later.id > d.id
    ) AND NOT EXISTS (
        SELECT FROM beneficiaries_enrollment other WHERE other.person_id = e.person_id AND other.program_id = e.program_id
            AND other.period_id = e.period_id AND other.id <> e.id AND other.state = ANY(%(live)s)
    )
RETURNING d.id
"""
_COUNTS = "SELECT kept, count(*) FROM undo_work GROUP BY 1"
#: A digest that no line has: whoever comes next says something new.
_NOTHING = bytes(blind_index.SIZE)
_LAST = 2**31 - 1


def undo_rows(roster: Roster, chunk: Chunk, *, at: datetime) -> Undone:
    """Take back what one chunk made, in the caller's transaction, under the roster's lock.

    Nothing of another roster is touched: what a later line wrote or said again stays, with the reason on the row.
    """
    facts: dict[str, Any] = {
        "roster": roster.pk, "chunk": chunk.number, "applicable": _APPLICABLE, "live": list(LIVE), "at": at,
        "applied_at": chunk.applied_at, "voided": EnrollmentState.VOIDED, "nothing": _NOTHING,
        "zone": settings.TIME_ZONE, "added": ADDED, "changed": int(Verdict.CHANGED),
    }
    fault_point("beneficiaries.undo.before")
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        work_alone(cursor, roster)
        cursor.execute(_ROWS.format(digits=COUNTY_DIGITS), facts)
        cursor.execute("ANALYZE undo_rows (enrollment_id, beneficiary_id, row_id)")
        fault_point("beneficiaries.undo.lock.before")
        cursor.execute(_LOCK_COVERS)
        cursor.execute(_LOCK_BENEFICIARIES)
        fault_point("beneficiaries.undo.locked")
        cursor.execute(_work(), facts)
        cursor.execute("ANALYZE undo_work (row_id, enrollment_id, beneficiary_id, kept, voids, puts_back, keeper)")
        fault_point("beneficiaries.undo.history.before")
        cursor.execute(_before())
        cursor.execute("ANALYZE undo_before (row_id)")
        for step, statement in (
            ("contact", _put_back()),
            ("categories", _CATEGORIES.format(others=_OTHERS, taken_back=_TAKEN_BACK)),
            ("covers", _VOID), ("kept", _KEEP),
        ):
            fault_point(f"beneficiaries.undo.{step}.before")
            plan_anew(cursor)
            cursor.execute(statement, facts)
        entrusting.take_back(cursor, others=_OTHERS, taken_back=_TAKEN_BACK)
        health_lines.take_back(cursor, at=at)
        cursor.execute("SELECT beneficiary_id FROM undo_work WHERE back_phone")
        marking.mark(number for (number,) in cursor.fetchall())
        plan_anew(cursor)
        cursor.execute(_KEEP_ADDED, facts)
        added = cursor.rowcount
        fault_point("beneficiaries.undo.kept.after")
        cursor.execute(_COST)
        cost = [
            Demand(funder_id=funder, county=county, category_id=category, amount=amount, count=count)
            for funder, county, category, amount, count in cursor.fetchall()
        ]
        cursor.execute(_OWN)
        own, covers, paid, refunds = cursor.fetchone()
        cursor.execute(_COUNTS)
        counts: dict[str, int] = dict(cursor.fetchall()) | ({ADDED: added} if added else {})
        cursor.execute("DROP TABLE undo_before, undo_work, undo_rows")
    if covers:
        programs.take_back_used(roster, cost, own_share=own, people=covers, by="system:intake", at=at)
    fault_point("beneficiaries.undo.after")
    return Undone(
        counts.pop("", 0), counts,
        {
            "covers": covers, "released": _yuan(sum((each.amount for each in cost), Decimal(0))), "paid": paid,
            "refunds": _yuan(refunds),
        },
    )


def restore_missing(roster: Roster, *, at: datetime) -> int:
    """Let covers go on that ended because a full list, now undone, did not name their people; how many those are.

    In the caller's transaction. No premium was given back at the ending, so no money moves now.
    """
    with connection.cursor() as cursor:
        fault_point("beneficiaries.restore_missing.before")
        work_alone(cursor, roster)
        cursor.execute(
            _RESTORE,
            {
                "roster": roster.pk, "in_force": EnrollmentState.IN_FORCE, "ended": EnrollmentState.ENDED,
                "live": [state.value for state in LIVE],
            },
        )
        restored = [number for (number,) in cursor.fetchall()]
    if not restored:
        return 0
    Ending.objects.filter(pk__in=restored).delete()
    events.record(
        "roster.missing_restored", roster, by="system:intake", at=at, organization=roster.organization,
        region_code=roster.region_code, program_id=roster.program_id, data={"people": len(restored)},
    )
    fault_point("beneficiaries.restore_missing.after")
    return len(restored)


def _yuan(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01")))


def _work() -> str:
    """The statement that judges each line: what keeps it, and which of its fields are put back."""
    stated = {field: f"nullif({{}}.{field}, '') IS NOT NULL" for field in ("region_code", "bank_name")}
    stated |= {field: f"{{}}.{field} IS NOT NULL" for field in _SEALED}
    # A bank and its account, a guardian and their document change together: an empty cell beside the lead was written, too.
    for other, lead in (("bank_name", "bank_account"), ("guardian_document", "guardian_name")):
        stated[other] = f"({stated[other]} OR {stated[lead]})"
    # Nobody has written since, or this line's own value stands there still; and no later line says it too.
    own = {field: f"(b.updated_at = %(applied_at)s OR b.{field} = r.{field})" for field in _SEALED}
    own["region_code"] = "b.region_code = r.region_code"
    own["bank_name"] = "(b.updated_at = %(applied_at)s OR b.bank_name = coalesce(r.bank_name, ''))"
    own["guardian_document"] = (
        "(b.updated_at = %(applied_at)s OR b.guardian_document IS NOT DISTINCT FROM r.guardian_document)"
    )
    back = {
        field: f"({_of('r', stated[field])} AND {own[field]} AND NOT coalesce(later.{field}, false))" for field in _FIELDS
    }
    return _WORK.format(
        keeper=keeper_case(), last=_LAST, already_ended=ALREADY_ENDED,
        changed_since=CHANGED_SINCE, others=_OTHERS, taken_back=_TAKEN_BACK, versions=_VERSIONS,
        backs=", ".join(f"(made.wrote AND {back[field]}) AS back_{field}" for field in _FIELDS),
        some_back=" OR ".join(f"back_{field}" for field in _FIELDS),
        stays=" OR ".join(f"({_of('r', stated[field])} AND NOT {back[field]})" for field in _FIELDS),
        laters=", ".join(f"bool_or({_of('ur', stated[field])}) AS {field}" for field in _FIELDS),
    )


def _of(table: str, condition: str) -> str:
    return condition.replace("{}", table)


def _before() -> str:
    """The statement that finds what was known before."""
    taken = {field: f"bool_or(ur.{field} = v.{field})" for field in _SEALED}
    taken["version"] = "bool_or(u.created_at = v.updated_at)"
    source = {**{field: field for field in _SEALED}, **dict.fromkeys(("region_code", "bank_name", "contact_digest"), "version")}
    return _BEFORE.format(
        fields=", ".join(
            f"(array_agg(v.{field} ORDER BY v.pgh_id DESC) FILTER (WHERE taken.{name} IS NOT TRUE))[1] AS {field}"
            for field, name in source.items()
        ),
        taken=", ".join(f"{condition} AS {name}" for name, condition in taken.items()),
        versions=_VERSIONS, others=_OTHERS, taken_back=_TAKEN_BACK,
    )


def _put_back() -> str:
    """The statement that gives beneficiaries what was known before."""
    values = {field: f"p.{field}" for field in _SEALED}
    values |= {"region_code": "coalesce(p.region_code, b.region_code)", "bank_name": "coalesce(p.bank_name, '')"}
    return _PUT_BACK.format(
        fields=", ".join(
            f"{field} = CASE WHEN w.back_{field} THEN {value} ELSE b.{field} END" for field, value in values.items()
        )
    )
