"""Two periods joined by person in the server: what is counted of them, and who left; one transaction, a few statements."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

from audit.faults import fault_point
from beneficiaries.money import COUNTY_DIGITS
from programs.rules.eligibility_sql import decision_sql
from programs.terms import plan_terms
from years.models import Comparison

# Enrolled and neither lapsed nor voided; of several covers of one person in a period the live one, else the last.
_OF_PERIOD = """
SELECT DISTINCT ON (person_id) id, person_id, beneficiary_id, organization_id, region_code, category_id, split_id, state
FROM beneficiaries_enrollment
WHERE program_id = %(program)s AND period_id = %({period})s AND period_kind = 'annual'
    AND state IN ('awaiting', 'in_force', 'ended')
ORDER BY person_id, state = 'ended', id DESC
"""
_JOINED = f"""
CREATE TEMPORARY TABLE years_work ON COMMIT DROP AS
SELECT before.id AS before_id, before.person_id, before.beneficiary_id, before.state,
    CASE WHEN now.id IS NULL THEN '' WHEN before.id IS NULL THEN 'new' ELSE 'renewed' END AS outcome, '' AS reason,
    coalesce(now.organization_id, before.organization_id) AS organization_id,
    coalesce(now.region_code, before.region_code) AS region_code, coalesce(now.category_id, before.category_id) AS category_id,
    before.split_id AS split_before_id, now.split_id AS split_id
FROM ({_OF_PERIOD.format(period="before")}) AS before
FULL JOIN ({_OF_PERIOD.format(period="period")}) AS now ON now.person_id = before.person_id
"""  # noqa: S608 - text of our own
# Asked only of those who left: what they are and where they live today, under the new period's plan.
_LEFT = """
INSERT INTO years_yearleft (comparison_id, enrollment_id, program_id, organization_id, region_code, category_id, outcome, reason)
SELECT %(comparison)s, before_id, %(program)s, organization_id, region_code, category_id,
    CASE WHEN died THEN 'died' WHEN state = 'ended' THEN 'ended' WHEN rule IS NOT NULL THEN 'not_eligible'
        ELSE 'not_renewed' END,
    CASE WHEN died THEN '' WHEN state = 'ended' THEN coalesce(end_reason, '') ELSE coalesce(rule, '') END
FROM (
    SELECT facts.*, {rule} AS rule FROM (
        SELECT w.*, person.deceased_on IS NOT NULL AS died, person.birth_on, beneficiary.region_code AS lives_in, held.ids,
            ending.reason AS end_reason
        FROM years_work w
        JOIN LATERAL (SELECT * FROM beneficiaries_person WHERE id = w.person_id LIMIT 1) AS person ON true
        JOIN LATERAL (SELECT * FROM beneficiaries_beneficiary WHERE id = w.beneficiary_id LIMIT 1) AS beneficiary ON true
        LEFT JOIN LATERAL (
            SELECT array_agg(category_id) AS ids FROM beneficiaries_beneficiarycategory
            WHERE beneficiary_id = w.beneficiary_id AND (valid_to IS NULL OR valid_to > %(starts_on)s)
        ) AS held ON true
        LEFT JOIN LATERAL (
            SELECT reason FROM beneficiaries_ending WHERE enrollment_id = w.before_id AND w.state = 'ended'
            ORDER BY id DESC LIMIT 1
        ) AS ending ON true
        WHERE w.outcome = ''
    ) AS facts
) AS judged ORDER BY before_id
"""
_COUNTS = f"""
INSERT INTO years_yearcount (comparison_id, program_id, organization_id, region_code, category_id, outcome, split_before_id,
    split_id, people)
SELECT %(comparison)s, %(program)s, w.organization_id, left(w.region_code, {COUNTY_DIGITS}), w.category_id,
    coalesce(gone.outcome, w.outcome), w.split_before_id, w.split_id, count(*)
FROM years_work w
LEFT JOIN years_yearleft gone ON gone.comparison_id = %(comparison)s AND gone.enrollment_id = w.before_id AND w.outcome = ''
GROUP BY 3, 4, 5, 6, 7, 8 ORDER BY 3, 4, 5, 6, 7, 8
"""  # noqa: S608 - a number of our own
_TOTALS = """
SELECT coalesce(sum(people) FILTER (WHERE outcome = 'renewed'), 0), coalesce(sum(people) FILTER (WHERE outcome = 'new'), 0),
    coalesce(sum(people) FILTER (WHERE outcome NOT IN ('renewed', 'new')), 0)
FROM years_yearcount WHERE comparison_id = %(comparison)s
"""


def count_anew(comparison: Comparison, *, at: Any) -> tuple[int, int, int]:
    """Replace what was counted, in the caller's transaction: how many went on, are new, left."""
    period = comparison.period
    _category, rule, given = decision_sql(
        plan_terms(period.plan), birth="facts.birth_on", region="facts.lives_in", categories="facts.ids",
        period_starts_on=period.starts_on, enrolled_on=timezone.localdate(at),
    )
    facts = {
        **given, "comparison": comparison.pk, "program": comparison.program_id, "before": comparison.before_id,
        "period": period.pk, "starts_on": period.starts_on,
    }
    fault_point("years.count_anew.before")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute("DELETE FROM years_yearcount WHERE comparison_id = %(comparison)s", facts)
        cursor.execute("DELETE FROM years_yearleft WHERE comparison_id = %(comparison)s", facts)
        cursor.execute(_JOINED, facts)
        cursor.execute("ANALYZE years_work (outcome)")
        fault_point("years.count_anew.left.before")
        cursor.execute(_LEFT.format(rule=rule), facts)
        fault_point("years.count_anew.counts.before")
        cursor.execute(_COUNTS, facts)
        cursor.execute(_TOTALS, facts)
        renewed, new, left = cursor.fetchone()
        cursor.execute("DROP TABLE years_work")
    fault_point("years.count_anew.after")
    return int(renewed), int(new), int(left)
