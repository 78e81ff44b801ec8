"""Held lines of a file of claims decided by a person before it is submitted: singly or many at once, with a reason.

What was decided stands in the line's own findings, so the digest that a second person approves covers it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from filings.errors import FilingsRefused
from filings.models import ClaimFile, FilingDecision, LineDecision
from filings.reach import refuse_beyond
from filings.template import template_of
from intake.deciding import Change, in_review, reason_of, settle
from intake.findings import SEVERITY_OF, Verdict

#: The finding by which a line says what was decided about it.
CODE_OF = {LineDecision.ACCEPT: "DECIDED_ACCEPTED", LineDecision.REFUSE: "DECIDED_AGAINST"}
DECIDED_CODES = tuple(CODE_OF.values())
_AFTER = {LineDecision.ACCEPT: Verdict.NEW, LineDecision.REFUSE: Verdict.REFUSED, LineDecision.REOPEN: Verdict.DOUBTFUL}
_CHOSEN = """
CREATE TEMPORARY TABLE deciding ON COMMIT DROP AS
SELECT r.id, r.chunk, r.verdict AS before, former.code AS former_code, former.decision AS former,
    CASE %(kind)s WHEN 'reopen' THEN former.code IS NOT NULL
        WHEN 'accept' THEN r.enrollment_id IS NOT NULL AND r.verdict <> %(after)s
        ELSE r.verdict <> %(after)s END IS TRUE AS able
FROM filings_claimfilerow r
LEFT JOIN LATERAL (
    SELECT f ->> 'code' AS code, (f ->> 'decision')::bigint AS decision FROM jsonb_array_elements(r.findings) AS f
    WHERE f ? 'decision' LIMIT 1
) AS former ON true
WHERE r.claim_file_id = %(claim_file)s AND {which}
"""
_DECIDE = """
UPDATE filings_claimfilerow r SET verdict = %(after)s,
    codes = array_remove(r.codes, d.former_code::varchar) || %(codes)s::varchar[],
    findings = coalesce((
        SELECT jsonb_agg(f.value ORDER BY f.place) FROM jsonb_array_elements(r.findings) WITH ORDINALITY AS f(value, place)
        WHERE NOT f.value ? 'decision'
    ), '[]') || %(findings)s::jsonb
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
class Decided:
    """What a decision did; `left`: lines that were chosen and cannot be so decided."""

    decision: FilingDecision
    left: int


def decide_lines(
    subject: ClaimFile, *, choice: Choice, kind: LineDecision, reason: str, by: User, at: datetime
) -> Decided:
    """Decide the chosen lines of a file in review, all in one transaction."""
    with transaction.atomic():
        fault_point("filings.decide_lines.locking")
        template = template_of(subject)
        found: ClaimFile = in_review(subject, template)
        refuse_beyond(
            by, "filings.submit_claimfile", organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
        )
        reason = reason_of(reason)
        events.refuse_personal(reason)
        left, rows = _choose(found, choice, kind)
        if not rows:
            raise FilingsRefused("NOTHING_TO_DECIDE")
        fault_point("filings.decide_lines.before")
        decision = FilingDecision.objects.create(
            claim_file=found, kind=kind, reason=reason, chosen=choice.facts, rows=rows, decided_by=by, decided_at=at
        )
        settle(found, template, _changed(decision), at=at)
        events.record(
            "claim_file.decided", found, by=by, at=at, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
            data={"rows": rows, "kind": kind.value, "reason": reason, "decision": decision.pk, "digest": found.digest[:12]},
        )
        fault_point("filings.decide_lines.after")
    return Decided(decision, left)


def _choose(subject: ClaimFile, choice: Choice, kind: LineDecision) -> tuple[int, int]:
    """Fill the table `deciding`; how many cannot be so decided, and how many can."""
    which = "r.verdict = %(held)s"
    if choice.rows:
        which = "r.id = ANY(%(rows)s::bigint[]) AND (r.verdict = %(held)s OR r.codes && %(decided)s::varchar[])"
    elif choice.code:
        which += " AND %(code)s = ANY(r.codes)"
    with connection.cursor() as cursor:
        fault_point("filings.choose_lines.before")
        cursor.execute(
            _CHOSEN.format(which=which),
            {
                "claim_file": subject.pk, "rows": list(choice.rows), "code": choice.code, "kind": kind.value,
                "held": int(Verdict.DOUBTFUL), "after": int(_AFTER[kind]), "decided": list(DECIDED_CODES),
            },
        )
        cursor.execute("DELETE FROM deciding WHERE NOT able")
        left = cursor.rowcount
        cursor.execute("SELECT count(*) FROM deciding")
        rows = int(cursor.fetchone()[0])
        fault_point("filings.choose_lines.after")
    return left, rows


def _changed(decision: FilingDecision) -> dict[int, Change]:
    """Write the decision into the lines; what that changes in each chunk."""
    kind = LineDecision(decision.kind)
    code, after = CODE_OF.get(kind), int(_AFTER[kind])
    finding = {
        "column": "", "code": code, "severity": SEVERITY_OF.get(code or "", ""), "value_masked": None, "extra": decision.reason,
        "decision": decision.pk,
    }
    with connection.cursor() as cursor:
        fault_point("filings.decide_rows.before")
        plan_anew(cursor)
        cursor.execute(
            _DECIDE,
            {"after": after, "codes": [code] if code else [], "findings": json.dumps([finding] if code else [])},
        )
        cursor.execute(_COUNTED)
        counted = cursor.fetchall()
        cursor.execute("DROP TABLE deciding")
        fault_point("filings.decide_rows.after")
    changes: dict[int, Change] = defaultdict(Change)
    for chunk, before, former_code, former, rows in counted:
        change = changes[chunk]
        change.verdicts[str(before)] -= rows
        change.verdicts[str(after)] += rows
        if former_code:
            change.codes[former_code] -= rows
            change.decided[str(former)] -= rows
        if code:
            change.codes[code] += rows
            change.decided[str(decision.pk)] += rows
    return changes
