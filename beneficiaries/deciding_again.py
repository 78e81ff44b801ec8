"""Decisions outlive a check that begins anew: a row that reads as it did, of a person who stands as they did, stays decided.

A row's place alone is no proof that it is the same: a word that was said since may have given it another category, a
heading another account. So what the row said (cleaned values by their blind indexes, and every finding) is kept as a
digest, with whom it was taken for; where anything differs the row waits to be decided again, and the page says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from audit import events
from audit.faults import fault_point
from beneficiaries.chosen import DECIDED_CODES, SETTINGS_AFTER, changed_rows, choose
from beneficiaries.models import DecidedLine, DecisionKind, Roster, RosterChunk, RosterDecision
from intake.deciding import decided_counts, recount, redigest
from intake.findings import Verdict
from intake.models import State
from intake.template import Template

BY = "system:intake"
_CONTENT = """sha256(record_send(ROW(
    r.document_type, r.birth_on, r.sex, r.identity_index_a, r.identity_index_b, r.name_index_a, r.name_index_b,
    r.region_code, r.contact_digest, r.category_ids, coalesce((
        SELECT jsonb_agg(f.value ORDER BY f.place) FROM jsonb_array_elements(r.findings) WITH ORDINALITY AS f(value, place)
        WHERE NOT f.value ? 'decision'
    ), '[]'::jsonb)
)))"""
_REMEMBER = f"""
INSERT INTO beneficiaries_decidedline (roster_id, file_id, sheet, line, decision_id, content, person_id, known_contact_digest)
SELECT r.roster_id, r.file_id, r.sheet, r.line, made.decision, {_CONTENT}, r.known_person_id, r.known_contact_digest
FROM beneficiaries_rosterrow r
CROSS JOIN LATERAL (
    SELECT (f ->> 'decision')::bigint AS decision FROM jsonb_array_elements(r.findings) AS f WHERE f ? 'decision' LIMIT 1
) AS made
WHERE r.roster_id = %(roster)s AND r.chunk = %(chunk)s AND r.codes && %(decided)s::varchar[]
ON CONFLICT (roster_id, file_id, sheet, line) DO UPDATE SET decision_id = excluded.decision_id, content = excluded.content,
    person_id = excluded.person_id, known_contact_digest = excluded.known_contact_digest
"""  # noqa: S608 - text of our own
_SAME = f"""
CREATE TEMPORARY TABLE decided_before ON COMMIT DROP AS
SELECT r.id, kept.decision_id, kept.person_id, kept.known_contact_digest
FROM beneficiaries_decidedline kept
JOIN beneficiaries_rosterrow r ON r.roster_id = kept.roster_id AND r.file_id = kept.file_id AND r.sheet = kept.sheet
    AND r.line = kept.line
WHERE kept.roster_id = %(roster)s AND r.roster_id = %(roster)s AND r.verdict = %(doubtful)s AND {_CONTENT} = kept.content
"""  # noqa: S608 - text of our own
# Whom the row is taken for must stand as they did when a person looked: what is registered of them, and their name and number.
_LEAVE = """
DELETE FROM deciding USING decided_before before WHERE before.id = deciding.id AND (
    deciding.person IS DISTINCT FROM before.person_id
    OR deciding.contact_digest IS DISTINCT FROM before.known_contact_digest
    OR EXISTS (
        SELECT FROM beneficiaries_personevent changed
        WHERE changed.pgh_obj_id = deciding.person AND changed.pgh_created_at > %(at)s
    )
)
"""
# Rows that were decided and wait again; those whose line is not read any more, or is refused by now, ask nobody.
_OPEN = """
SELECT count(*) FROM beneficiaries_decidedline kept
JOIN beneficiaries_rosterrow r ON r.roster_id = kept.roster_id AND r.file_id = kept.file_id AND r.sheet = kept.sheet
    AND r.line = kept.line
WHERE kept.roster_id = %(roster)s AND r.roster_id = %(roster)s AND r.verdict = %(doubtful)s
"""


def remember_decisions(roster: Roster, number: int) -> None:
    """Keep what was decided about the rows of a chunk, in the transaction that removes them to be checked anew."""
    counts = RosterChunk.objects.filter(roster=roster, number=number).values_list("counts", flat=True).first()
    if not counts or not counts.get("decided"):
        return
    fault_point("beneficiaries.remember_decisions.before")
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, {"roster": roster.pk, "chunk": number, "decided": list(DECIDED_CODES)})
    fault_point("beneficiaries.remember_decisions.after")


def decide_again(roster: Roster, template: Template, *, at: datetime) -> dict[str, int]:
    """Decide the rows that read as they did when they were decided, in the transaction that opens the review.

    {"kept": rows that stay decided, "open": rows that wait again}; nothing where nothing had been decided.
    """
    lines = DecidedLine.objects.filter(roster=roster)
    decisions = list(RosterDecision.objects.filter(pk__in=lines.order_by().values("decision")).order_by("pk"))
    if not decisions:
        return {}
    touched, kept = set[int](), 0
    fault_point("beneficiaries.decide_again.before")
    with connection.cursor() as cursor:
        cursor.execute(_SAME, {"roster": roster.pk, "doubtful": int(Verdict.DOUBTFUL)})
    for decision in decisions:
        choose(
            roster, "r.id IN (SELECT id FROM decided_before WHERE decision_id = %(decision)s)", {"decision": decision.pk},
            DecisionKind(decision.kind),
        )
        with connection.cursor() as cursor:
            cursor.execute(_LEAVE, {"at": decision.decided_at})
            cursor.execute("SELECT count(*) FROM deciding")
            rows = int(cursor.fetchone()[0])
        changes = changed_rows(roster, decision) if rows else {}
        recount(roster, template, changes)
        touched |= changes.keys()
        kept += rows
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE deciding")
    redigest(roster, template, touched)
    told = {"kept": kept, "open": _open(roster)}
    lines._raw_delete(lines.db)
    events.record(
        "roster.decided_again", roster, by=BY, at=at, organization=roster.organization, region_code=roster.region_code,
        program_id=roster.program_id, data=told,
    )
    fault_point("beneficiaries.decide_again.after")
    return told


def _open(roster: Roster) -> int:
    """How many rows wait again; the session is left as it was found."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"roster": roster.pk, "doubtful": int(Verdict.DOUBTFUL)})
        found = int(cursor.fetchone()[0])
        cursor.execute("DROP TABLE decided_before")
        cursor.execute(SETTINGS_AFTER)
    return found


def decided_rows(roster: Roster) -> int:
    """Rows of a roster that stand by a decision now."""
    return sum(decided_counts(list(roster.chunks.all())).values())


def decided_again(roster: Roster) -> dict[str, Any]:
    """What a check that began anew did to decisions, while rows of it still wait; empty otherwise."""
    told: dict[str, Any] = roster.counts.get("decisions", {})
    if roster.state != State.REVIEW or not told.get("open") or not roster.verdict_count(Verdict.DOUBTFUL):
        return {}
    return {"kept": told["kept"], "open": told["open"], "all": told["kept"] + told["open"]}
