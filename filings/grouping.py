"""Lines of one claim number against one another, once all are staged: they are one case, whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import connection, transaction

from audit.faults import fault_point
from audit.history import plan_anew
from filings.models import ClaimFile
from intake.deciding import Change, recount, redigest
from intake.findings import SEVERITY_OF, Verdict
from intake.template import Template

DISAGREE, INCOMPLETE, ELSEWHERE = "FILED_DISAGREE", "FILED_INCOMPLETE", "FILED_ELSEWHERE"
_STANDS = f"r.claim_file_id = %(file)s AND r.verdict IN ({int(Verdict.NEW)}, {int(Verdict.DOUBTFUL)})"
_FOUND = """UPDATE filings_claimfilerow r SET verdict = %(verdict)s, codes = r.codes || %(code)s::varchar,
    findings = coalesce(r.findings, '[]'::jsonb) || jsonb_build_array(jsonb_build_object('column', %(column)s::text, 'code',
        %(code)s::text, 'severity', %(severity)s::text, 'value_masked', NULL, 'extra', found.extra))
FROM found WHERE r.id = found.id AND NOT %(code)s = ANY(r.codes) RETURNING r.chunk, found.before"""
# Another person, day, hour or kind of event under the same number.
_DISAGREE = f"""
WITH odd AS (
    SELECT r.claim_number FROM filings_claimfilerow r WHERE {_STANDS} GROUP BY 1
    HAVING count(DISTINCT (r.enrollment_id, r.event_on, coalesce(r.event_time, ''), coalesce(r.event_kind, 'illness'))) > 1
), found AS (
    SELECT r.id, r.verdict AS before, '' AS extra FROM filings_claimfilerow r JOIN odd ON odd.claim_number = r.claim_number
    WHERE {_STANDS}
)
{_FOUND}
"""  # noqa: S608 - words of this module
# Of lines with one invoice under several numbers the first counts, whatever chunk or file it stands in.
_ELSEWHERE = f"""
WITH named AS (
    SELECT r.id, r.verdict, first_value(CASE WHEN r.sheet = '' THEN '' ELSE r.sheet || '!' END || r.line) OVER same AS first,
        first_value(r.claim_number) OVER same <> r.claim_number AS other
    FROM filings_claimfilerow r WHERE {_STANDS} AND r.invoice_number IS NOT NULL
    WINDOW same AS (PARTITION BY r.invoice_code, r.invoice_number ORDER BY r.id)
), found AS (SELECT id, verdict AS before, first AS extra FROM named WHERE other)
{_FOUND}
"""  # noqa: S608 - words of this module
_INCOMPLETE = f"""
WITH halves AS (
    SELECT r.claim_number FROM filings_claimfilerow r
    WHERE r.claim_file_id = %(file)s AND r.verdict IN ({int(Verdict.REFUSED)}, {int(Verdict.DOUBTFUL)})
        AND r.claim_number IS NOT NULL
    GROUP BY 1
), found AS (
    SELECT r.id, r.verdict AS before, '' AS extra FROM filings_claimfilerow r JOIN halves ON halves.claim_number = r.claim_number
    WHERE r.claim_file_id = %(file)s AND r.verdict = {int(Verdict.NEW)}
)
{_FOUND}
"""  # noqa: S608 - words of this module
_STEPS = (
    (_DISAGREE, DISAGREE, "claim_number", Verdict.REFUSED), (_ELSEWHERE, ELSEWHERE, "invoice_number", Verdict.DOUBTFUL),
    (_INCOMPLETE, INCOMPLETE, "claim_number", Verdict.DOUBTFUL),
)


def compare_all(run: Any, subject: ClaimFile, template: Template) -> None:
    """In one transaction; again without harm, since what was found is found once."""
    changes: dict[int, Change] = defaultdict(Change)
    with transaction.atomic():
        fault_point("filings.compare_all.before")
        for statement, code, column, verdict in _STEPS:
            for chunk, before in _found(subject, statement, code, column, verdict):
                changes[chunk].codes[code] += 1
                changes[chunk].verdicts[str(before)] -= 1
                changes[chunk].verdicts[str(int(verdict))] += 1
        recount(subject, template, changes)
        redigest(subject, template, changes)
        run.advance()
        fault_point("filings.compare_all.after")


def _found(subject: ClaimFile, statement: str, code: str, column: str, verdict: Verdict) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(statement, {
            "file": subject.pk, "verdict": int(verdict), "code": code, "column": column, "severity": SEVERITY_OF[code],
        })
        return list(cursor.fetchall())
