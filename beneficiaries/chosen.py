"""Rows that a decision is about, and what becomes of them: in sets, in a temporary table of the caller's transaction.

Who may decide what, and when, is said in `deciding`; here it is only done.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import connection

from audit import blind_index
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.models import DecisionKind, Roster, RosterChunk, RosterDecision
from beneficiaries.models.enrollment import LIVE
from beneficiaries.models.person import IDENTITY, NAME
from beneficiaries.money import COUNTY_DIGITS
from intake.deciding import Change
from intake.findings import SEVERITY_OF, Verdict
from intake.template import APPLICABLE

#: The finding by which a row says what was decided about it.
CODE_OF = {
    DecisionKind.ACCEPT: "DECIDED_ACCEPTED", DecisionKind.SAME: "DECIDED_SAME",
    DecisionKind.CORRECT: "DECIDED_CORRECTED", DecisionKind.REFUSE: "DECIDED_AGAINST",
}
DECIDED_CODES = tuple(CODE_OF.values())
KINDS_OF_SAME = (DecisionKind.SAME, DecisionKind.CORRECT)

# Each chosen row with what it would become: `own` is whom the check found by the document, `person` whom it is taken for.
_CHOSEN = """
CREATE TEMPORARY TABLE deciding ON COMMIT DROP AS
SELECT r.id, r.chunk, r.verdict AS before, r.split_id, left(r.region_code, {digits}) AS county, r.category_id,
    former.code AS former_code, former.decision AS former, taken.person, beneficiary.contact_digest,
    CASE
        WHEN %(kind)s = 'refuse' THEN {refused}
        WHEN %(kind)s = 'reopen' THEN {doubtful}
        WHEN enrollment.id IS NOT NULL AND r.split_id IS NULL AND r.codes && '{{CATEGORY_ADDED,CONTACT_ADDED}}'::varchar[]
            THEN {changed}
        WHEN enrollment.id IS NOT NULL THEN {covered}
        WHEN beneficiary.contact_digest IS NULL THEN {new}
        WHEN beneficiary.contact_digest IS DISTINCT FROM r.contact_digest THEN {changed}
        ELSE {unchanged}
    END AS after,
    CASE %(kind)s
        WHEN 'refuse' THEN true
        WHEN 'reopen' THEN former.code IS NOT NULL
        WHEN 'accept' THEN 'IDENTITY_CONFLICT' <> ALL(r.codes) AND {indexed}
        ELSE ('IDENTITY_CONFLICT' = ANY(r.codes) OR alike.person IS NOT NULL) AND beneficiary.id IS NOT NULL AND {indexed}
    END AS able
FROM beneficiaries_rosterrow r
LEFT JOIN LATERAL (
    SELECT (f ->> 'extra')::bigint AS person FROM jsonb_array_elements(r.findings) AS f
    WHERE f ->> 'code' = 'SAME_PERSON' LIMIT 1
) AS alike ON true
LEFT JOIN LATERAL (
    SELECT f ->> 'code' AS code, (f ->> 'decision')::bigint AS decision FROM jsonb_array_elements(r.findings) AS f
    WHERE f ? 'decision' LIMIT 1
) AS former ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN %(same)s AND alike.person IS NOT NULL THEN alike.person
        WHEN alike.person IS NULL THEN r.known_person_id END AS person
) AS taken
LEFT JOIN LATERAL (
    SELECT id, contact_digest FROM beneficiaries_beneficiary
    WHERE person_id = taken.person AND program_id = %(program)s AND organization_id = %(organization)s LIMIT 1
) AS beneficiary ON true
LEFT JOIN LATERAL (
    SELECT id FROM beneficiaries_enrollment WHERE person_id = taken.person AND program_id = %(program)s
        AND period_id = %(period)s AND state = ANY(%(live)s) LIMIT 1
) AS enrollment ON true
WHERE r.roster_id = %(roster)s AND {where}
"""
_LEAVE = "DELETE FROM deciding WHERE NOT able"
_DECIDE = """
UPDATE beneficiaries_rosterrow r SET verdict = d.after, known_person_id = d.person,
    known_contact_digest = d.contact_digest,
    codes = array_remove(r.codes, d.former_code::varchar) || %(codes)s::varchar[],
    findings = coalesce((
        SELECT jsonb_agg(f.value ORDER BY f.place) FROM jsonb_array_elements(r.findings) WITH ORDINALITY AS f(value, place)
        WHERE NOT f.value ? 'decision'
    ), '[]') || %(findings)s::jsonb
FROM deciding d WHERE r.id = d.id
"""
_COUNTED = """
SELECT chunk, before, after, former_code, former, split_id, county, category_id, count(*) FROM deciding
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
# As for applying: rows find what is known by an index, whatever statistics say of a table that has just grown.
_SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off"
#: Ends them before the transaction does, for what comes after.
SETTINGS_AFTER = "RESET work_mem; RESET enable_seqscan"


def choose(roster: Roster, where: str, facts: dict[str, Any], kind: DecisionKind) -> int:
    """Fill the table `deciding` with the rows of a condition and its facts; how many of them cannot be so decided."""
    # Held to the end: a row that becomes applicable fills every slot that people are found by.
    indexed = [
        f"r.{stem}_{slot} IS NOT NULL"
        for purpose, stem in ((IDENTITY, "identity_index"), (NAME, "name_index"))
        for slot in blind_index.written_slots(purpose)
    ]
    statement = _CHOSEN.format(
        digits=COUNTY_DIGITS, refused=int(Verdict.REFUSED), doubtful=int(Verdict.DOUBTFUL), covered=int(Verdict.COVERED),
        new=int(Verdict.NEW), changed=int(Verdict.CHANGED), unchanged=int(Verdict.UNCHANGED),
        indexed=" AND ".join(indexed), where=where,
    )
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(
            statement,
            {
                **facts, "kind": kind.value, "same": kind in KINDS_OF_SAME, "roster": roster.pk,
                "program": roster.program_id, "organization": roster.organization_id, "period": roster.period_id,
                "live": [state.value for state in LIVE],
            },
        )
        cursor.execute(_LEAVE)
        left = cursor.rowcount
        cursor.execute("ANALYZE deciding (id)")
    return int(left)


def changed_rows(roster: Roster, decision: RosterDecision) -> dict[int, Change]:
    """Write the decision into the rows; what that changes in each chunk."""
    kind = DecisionKind(decision.kind)
    code = CODE_OF.get(kind)
    finding = {
        "column": "", "code": code, "severity": SEVERITY_OF.get(code or "", ""), "value_masked": None,
        "extra": decision.reason, "decision": decision.pk,
    }
    with connection.cursor() as cursor:
        fault_point("beneficiaries.decide.rows.before")
        plan_anew(cursor)
        cursor.execute(
            _DECIDE, {"codes": [code] if code else [], "findings": json.dumps([finding] if code else [])}
        )
        fault_point("beneficiaries.decide.rows.after")
        cursor.execute(_COUNTED)
        counted = cursor.fetchall()
    tallies = dict(RosterChunk.objects.filter(roster=roster).values_list("number", "counts__tally"))
    changes: dict[int, Change] = defaultdict(Change)
    places: dict[int, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for chunk, before, after, former_code, former, split, county, category, rows in counted:
        change = changes[chunk]
        change.verdicts.update({str(before): -rows})
        change.verdicts.update({str(after): rows})
        if former is not None:
            change.codes.update({former_code: -rows})
            change.decided.update({str(former): -rows})
        if code:
            change.codes.update({code: rows})
            change.decided.update({str(decision.pk): rows})
        # Without a division of the premium it only adds to a cover.
        if split is not None:
            places[chunk][split, county, category] += rows * ((after in APPLICABLE) - (before in APPLICABLE))
    for number, change in changes.items():
        change.tally = _tally(tallies[number], places[number])
    return dict(changes)


def _tally(tally: Mapping[str, Any], moved: Mapping[tuple[Any, ...], int]) -> dict[str, Any]:
    """A chunk's tally after rows have begun or ceased to be enrolled, in the order that the check gives it."""
    places = Counter({(split, county, category): rows for split, county, category, rows in tally["places"]})
    places.update(moved)
    return {**tally, "places": [[*place, rows] for place, rows in sorted(places.items()) if rows]}
