"""Limits of responsibilities over all that a cover is paid, by our decisions and by its insurer; only reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from django.db import connection

from benefits.plan_file import PlanRefused
from programs.benefit_terms import benefit_terms
from programs.models import Plan
from programs.plan_views import PlanView

# As `a_cover_pays_within_its_limit` counts, responsibility by responsibility; a limit that several share has a row of each.
_BEYOND = """
WITH most AS MATERIALIZED (
    SELECT * FROM unnest(%(plans)s::bigint[], %(parts)s::text[], %(limits)s::int[], %(amounts)s::numeric[])
        AS m(plan_id, part, number, amount)
), paid AS (
    SELECT c.enrollment_id, c.plan_id, l.responsibility AS part, sum(l.amount) AS amount
    FROM claims_decision d JOIN claims_claim c ON c.id = d.claim_id JOIN claims_decisionline l ON l.decision_id = d.id
    WHERE d.state = 'approved' AND c.plan_id = ANY(%(plans)s) GROUP BY 1, 2, 3
    UNION ALL
    SELECT r.enrollment_id, r.plan_id, p.key, sum(p.value::numeric)
    FROM results_result r CROSS JOIN LATERAL jsonb_each_text(r.parts) p
    WHERE r.undone_at IS NULL AND r.decision_id IS NULL AND r.bank_result NOT IN ('failed', 'returned')
        AND r.plan_id = ANY(%(plans)s) GROUP BY 1, 2, 3
)
SELECT paid.enrollment_id, string_agg(DISTINCT paid.part, '+' ORDER BY paid.part)
FROM paid JOIN most ON most.plan_id = paid.plan_id AND most.part = paid.part
GROUP BY paid.enrollment_id, paid.plan_id, most.number, most.amount HAVING sum(paid.amount) > most.amount
ORDER BY 1, 2
"""


def _stated() -> Iterator[PlanView]:
    """Plans that say what they pay; one whose text was altered past reading is `benefits_are_as_stated`'s to tell."""
    for plan in Plan.objects.filter(benefits__isnull=False).order_by("pk"):
        with suppress(PlanRefused):
            yield PlanView(plan.pk, plan.cover_limit, benefit_terms(plan))


def beyond_limits() -> list[tuple[int, str]]:
    """Covers that are paid more than a limit of the year allows in any circumstances, with the responsibilities that it is of;
    without what a person decided to record beyond it."""
    rows = [
        (view.plan_id, part, number, amount)
        for view in _stated() for number, (members, amount) in enumerate(view.limits.items()) for part in members
    ]
    if not rows:
        return []
    plans, parts, limits, amounts = map(list, zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_BEYOND, {"plans": plans, "parts": parts, "limits": limits, "amounts": amounts})
        return cursor.fetchall()
