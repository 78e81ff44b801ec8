"""Held lines of an import decided by a person in review, one or many at once: which are meant, what is written into them.

A room says of which table its lines are, which words its decisions have and what keeps a line from one; it makes the decision's
own row and event. What was decided stands in the line's own findings, so the digest that a second person approves covers it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from audit.faults import fault_point
from audit.history import plan_anew
from intake.deciding import Change
from intake.findings import SEVERITY_OF, Verdict

#: What every room knows: to take a line as it is, to leave it out, to have decided nothing.
ACCEPT, REFUSE, REOPEN = "accept", "refuse", "reopen"
#: The finding by which a line says what was decided about it.
MARKS: Mapping[str, str] = {ACCEPT: "DECIDED_ACCEPTED", REFUSE: "DECIDED_AGAINST"}
_CHOSEN = """
CREATE TEMPORARY TABLE deciding ON COMMIT DROP AS
SELECT r.id, r.chunk, r.enrollment_id, r.verdict AS before, former.mark ->> 'code' AS former_code,
    (former.mark ->> 'decision')::bigint AS former, former.mark,
    (CASE WHEN %(mark)s::text IS NULL THEN former.mark IS NOT NULL
        ELSE (r.verdict <> %(after)s OR former.mark ->> 'code' <> %(mark)s) AND {able} END) IS TRUE AS able
FROM {table} r
LEFT JOIN LATERAL (
    SELECT f AS mark FROM jsonb_array_elements(r.findings) AS f WHERE f ? 'decision' LIMIT 1
) AS former ON true
WHERE r.{key} = %(subject)s AND {which}
"""
_DECIDE = """
UPDATE {table} r SET verdict = %(after)s,
    codes = array_remove(r.codes, d.former_code::varchar) || %(codes)s::varchar[],
    findings = coalesce((
        SELECT jsonb_agg(f.value ORDER BY f.place) FROM jsonb_array_elements(r.findings) WITH ORDINALITY AS f(value, place)
        WHERE NOT f.value ? 'decision'
    ), '[]') || CASE WHEN %(finding)s::jsonb IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(%(finding)s::jsonb || {also}) END
FROM deciding d WHERE r.id = d.id
"""
_COUNTED = "SELECT chunk, before, former_code, former, count(*) FROM deciding GROUP BY 1, 2, 3, 4"


@dataclass(frozen=True)
class Choice:
    """Which lines are meant: named ones, held or decided, else all that are held, with a finding where it is given."""

    rows: tuple[int, ...] = ()
    code: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """As the decision keeps it."""
        return {"rows": len(self.rows)} if self.rows else {"code": self.code} if self.code else {}


@dataclass(frozen=True)
class HeldLines:
    """The lines of a room's imports: their table and the column that names the import.

    `marks`: decision -> the finding that marks it (none: nothing is decided any more); `able`: decision -> SQL over a line `r`
    that has to hold for it.
    """

    table: str
    key: str
    marks: Mapping[str, str] = field(default_factory=lambda: MARKS)
    able: Mapping[str, str] = field(default_factory=lambda: {ACCEPT: "r.enrollment_id IS NOT NULL"})

    def after(self, kind: str) -> Verdict:
        """What a line is once it is so decided."""
        return {REFUSE: Verdict.REFUSED, REOPEN: Verdict.DOUBTFUL}.get(kind, Verdict.NEW)

    def choose(self, subject: Any, choice: Choice, kind: str, **given: Any) -> tuple[int, int]:
        """Fill the table `deciding` until the transaction's end: how many cannot be so decided, and how many can. `given`: what
        the room's condition asks with."""
        which = "r.verdict = %(held)s"
        if choice.rows:
            which = "r.id = ANY(%(rows)s::bigint[]) AND (r.verdict = %(held)s OR r.codes && %(decided)s::varchar[])"
        elif choice.code:
            which += " AND %(code)s = ANY(r.codes)"
        statement = _CHOSEN.format(table=self.table, key=self.key, able=self.able.get(kind, "true"), which=which)
        with connection.cursor() as cursor:
            fault_point("intake.choose_lines.before")
            cursor.execute(statement, {
                **given, "subject": subject.pk, "rows": list(choice.rows), "code": choice.code, "mark": self.marks.get(kind),
                "held": int(Verdict.DOUBTFUL), "after": int(self.after(kind)), "decided": list(self.marks.values()),
            })
            cursor.execute("DELETE FROM deciding WHERE NOT able")
            left = cursor.rowcount
            cursor.execute("SELECT count(*) FROM deciding")
            rows = int(cursor.fetchone()[0])
            fault_point("intake.choose_lines.after")
        return left, rows

    def write(self, kind: str, *, decision: int, reason: str, also: str = "'{}'::jsonb") -> dict[int, Change]:
        """Write a decision into the chosen lines; what that changes in each chunk. `also`: SQL over the line `r` and its row `d` of
        `deciding` for what its mark keeps beside."""
        mark, after = self.marks.get(kind), int(self.after(kind))
        finding = {
            "column": "", "code": mark, "severity": SEVERITY_OF.get(mark or "", ""), "value_masked": None, "extra": reason,
            "decision": decision,
        }
        with connection.cursor() as cursor:
            fault_point("intake.decide_lines.before")
            plan_anew(cursor)
            cursor.execute(_DECIDE.format(table=self.table, also=also), {
                "after": after, "codes": [mark] if mark else [], "finding": json.dumps(finding) if mark else None,
            })
            cursor.execute(_COUNTED)
            counted = cursor.fetchall()
            cursor.execute("DROP TABLE deciding")
            fault_point("intake.decide_lines.after")
        return _changes(counted, after=str(after), mark=mark, decision=str(decision))


def _changes(counted: Sequence[tuple[Any, ...]], *, after: str, mark: str | None, decision: str) -> dict[int, Change]:
    changes: dict[int, Change] = defaultdict(Change)
    for chunk, before, former_code, former, rows in counted:
        change = changes[chunk]
        change.verdicts.update({str(before): -rows})
        change.verdicts.update({after: rows})
        if former_code:
            change.codes.update({former_code: -rows})
            change.decided.update({str(former): -rows})
        if mark:
            change.codes.update({mark: rows})
            change.decided.update({decision: rows})
    return changes
