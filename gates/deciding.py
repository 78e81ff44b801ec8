"""Doubtful lines of a statement decided by a person before it is submitted: singly or many at once, with a reason.

As a roster's rows are (`beneficiaries.deciding`): what was decided stands in the line's own findings, so the digest that a second
person approves covers it. Accepted is only what would pay its cover now; whatever else is known of a cover is said to nobody.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from gates.errors import GatesRefused
from gates.fitting import COVER, UNFIT
from gates.models import LineDecision, Statement, StatementDecision
from gates.reach import refuse_beyond
from gates.refunds import template_of
from intake.deciding import Change, in_review, reason_of, settle
from intake.findings import SEVERITY_OF, Verdict

#: The finding by which a line says what was decided about it.
CODE_OF = {LineDecision.ACCEPT: "DECIDED_ACCEPTED", LineDecision.HOLD: "DECIDED_AGAINST"}
DECIDED_CODES = tuple(CODE_OF.values())
_AFTER = {LineDecision.ACCEPT: Verdict.NEW, LineDecision.HOLD: Verdict.REFUSED, LineDecision.REOPEN: Verdict.DOUBTFUL}
_SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off"
# Accepted is what pays its cover: once in the statement, in time, and to the fen.
_CHOSEN = f"""
CREATE TEMPORARY TABLE deciding ON COMMIT DROP AS
SELECT r.id, r.chunk, r.verdict AS before, former.code AS former_code, former.decision AS former,
    CASE %(kind)s
        WHEN 'hold' THEN true
        WHEN 'reopen' THEN former.code IS NOT NULL
        ELSE r.paid_on >= %(opens)s AND r.paid_on < %(closes)s AND r.paid_on <= %(today)s AND taken.enrollment_id IS NULL
            AND row_number() OVER (PARTITION BY r.enrollment_id ORDER BY r.id) = 1
            AND CASE {UNFIT.format(amount="r.amount")} ELSE '' END = ''
    END IS TRUE AS able
FROM gates_statementrow r {COVER.format(cover="r.enrollment_id")}
LEFT JOIN LATERAL (
    SELECT f ->> 'code' AS code, (f ->> 'decision')::bigint AS decision FROM jsonb_array_elements(r.findings) AS f
    WHERE f ? 'decision' LIMIT 1
) AS former ON true
LEFT JOIN (
    SELECT DISTINCT enrollment_id FROM gates_statementrow WHERE statement_id = %(statement)s AND verdict = %(matched)s
        AND NOT id = ANY(%(rows)s::bigint[])
) AS taken ON taken.enrollment_id = r.enrollment_id
WHERE r.statement_id = %(statement)s AND {{which}}
"""  # noqa: S608 - words of this room
_DECIDE = """
UPDATE gates_statementrow r SET verdict = %(after)s,
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
    """Which lines are meant: named ones, doubtful or decided, else all that are in doubt, with a finding where it is given."""

    rows: tuple[int, ...] = ()
    code: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """As the decision keeps it."""
        return {"rows": len(self.rows)} if self.rows else {"code": self.code} if self.code else {}


@dataclass(frozen=True)
class Decided:
    """What a decision did; `left`: lines that were chosen and cannot be so decided."""

    decision: StatementDecision
    left: int


def decide_lines(
    statement: Statement, *, choice: Choice, kind: LineDecision, reason: str, by: User, at: datetime
) -> Decided:
    """Decide the chosen lines of a statement in review, all in one transaction."""
    with transaction.atomic():
        fault_point("gates.decide_lines.locking")
        found: Statement = in_review(statement, template_of(statement))
        refuse_beyond(
            by, "gates.submit_statement", organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
        )
        reason = reason_of(reason)
        events.refuse_personal(reason)
        left, rows = _choose(found, choice, kind, at=at)
        if not rows:
            raise GatesRefused("NOTHING_TO_DECIDE")
        fault_point("gates.decide_lines.before")
        decision = StatementDecision.objects.create(
            statement=found, kind=kind, reason=reason, chosen=choice.facts, rows=rows, decided_by=by, decided_at=at
        )
        settle(found, template_of(found), _changed(decision), at=at)
        events.record(
            "statement.decided", found, by=by, at=at, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
            data={"rows": rows, "kind": kind.value, "reason": reason, "decision": decision.pk, "digest": found.digest[:12]},
        )
        fault_point("gates.decide_lines.after")
    return Decided(decision, left)


def _choose(statement: Statement, choice: Choice, kind: LineDecision, *, at: datetime) -> tuple[int, int]:
    """Fill the table `deciding`; how many cannot be so decided, and how many can."""
    which = "r.verdict = %(doubtful)s"
    if choice.rows:
        which = "r.id = ANY(%(rows)s::bigint[]) AND (r.verdict = %(doubtful)s OR r.codes && %(decided)s::varchar[])"
    elif choice.code:
        which += " AND %(code)s = ANY(r.codes)"
    period = statement.period
    with connection.cursor() as cursor:
        fault_point("gates.choose_lines.before")
        cursor.execute(_SETTINGS)
        cursor.execute(
            _CHOSEN.format(which=which),
            {
                "statement": statement.pk, "rows": list(choice.rows), "code": choice.code, "kind": kind.value,
                "doubtful": int(Verdict.DOUBTFUL), "matched": int(Verdict.NEW), "decided": list(DECIDED_CODES),
                "opens": period.enrollment_opens_on, "closes": period.enrollment_closes_on, "today": timezone.localdate(at),
            },
        )
        cursor.execute("DELETE FROM deciding WHERE NOT able")
        left = cursor.rowcount
        cursor.execute("SELECT count(*) FROM deciding")
        rows = int(cursor.fetchone()[0])
        fault_point("gates.choose_lines.after")
    return left, rows


def _changed(decision: StatementDecision) -> dict[int, Change]:
    """Write the decision into the lines; what that changes in each chunk."""
    kind = LineDecision(decision.kind)
    code, after = CODE_OF.get(kind), int(_AFTER[kind])
    finding = {
        "column": "", "code": code, "severity": SEVERITY_OF.get(code or "", ""), "value_masked": None, "extra": decision.reason,
        "decision": decision.pk,
    }
    with connection.cursor() as cursor:
        fault_point("gates.decide_lines.rows.before")
        plan_anew(cursor)
        cursor.execute(
            _DECIDE,
            {"after": after, "codes": [code] if code else [], "findings": json.dumps([finding] if code else [])},
        )
        cursor.execute(_COUNTED)
        counted = cursor.fetchall()
        cursor.execute("DROP TABLE deciding")
        fault_point("gates.decide_lines.rows.after")
    changes: dict[int, Change] = defaultdict(Change)
    for chunk, before, former_code, former, rows in counted:
        change = changes[chunk]
        change.verdicts.update({str(before): -rows})
        change.verdicts.update({str(after): rows})
        if former_code:
            change.codes.update({former_code: -rows})
            change.decided.update({str(former): -rows})
        if code:
            change.codes.update({code: rows})
            change.decided.update({str(decision.pk): rows})
    return changes
