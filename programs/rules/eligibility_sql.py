"""The same decision as `eligibility.decide` as SQL expressions, for people who are in the database already; no database here."""

from __future__ import annotations

from datetime import date
from typing import Any

from programs.rules.eligibility import asks_for_ages, counting_day
from programs.terms import PlanTerms


def decision_sql(
    terms: PlanTerms, *, birth: str, region: str, categories: str, period_starts_on: date, enrolled_on: date
) -> tuple[str, str, dict[str, Any]]:
    """Expressions for the id of the category that counts (null without one) and for the first broken rule (null for none).

    `birth`, `region`, `categories`: expressions of a date, a text and an array of category ids; each may be null. The
    third part are the values that both expressions name.
    """
    day = counting_day(terms, period_starts_on=period_starts_on, enrolled_on=enrolled_on)
    given: dict[str, Any] = {
        "plan_regions": [f"{prefix}%" for prefix in terms.regions], "plan_min_age": terms.min_age,
        "plan_max_age": terms.max_age, "age_year": day.year, "age_day": day.month * 100 + day.day,
    }
    cases = []
    for place, (_code, category_id) in enumerate(terms.categories):
        given[f"plan_category_{place}"] = category_id
        cases.append(f"WHEN %(plan_category_{place})s::bigint = ANY({categories}) THEN %(plan_category_{place})s::bigint")
    category = f"CASE {' '.join(cases)} END" if cases else "NULL::bigint"
    age = years_sql(birth)
    rules = [
        f"WHEN ({category}) IS NULL THEN 'category'",
        f"WHEN {region} IS NULL OR NOT {region} LIKE ANY(%(plan_regions)s::text[]) THEN 'region'",
        *([f"WHEN {birth} IS NULL THEN 'age_unknown'"] if asks_for_ages(terms) else []),
        *([f"WHEN {age} < %(plan_min_age)s::int THEN 'too_young'"] if terms.min_age is not None else []),
        *([f"WHEN {age} > %(plan_max_age)s::int THEN 'too_old'"] if terms.max_age is not None else []),
    ]
    return category, f"CASE {' '.join(rules)} END", given


def years_sql(birth: str) -> str:
    """Completed years on the day of `age_year` and `age_day` (month * 100 + day): 29 February is completed on 1 March."""
    return (
        f"(%(age_year)s::int - extract(year FROM {birth})::int - (extract(month FROM {birth}) * 100 "
        f"+ extract(day FROM {birth}) > %(age_day)s::int)::int)"
    )
