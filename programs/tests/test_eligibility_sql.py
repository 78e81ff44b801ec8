"""The decision as SQL and the pure rule say the same of every case of a search: ages at their bounds, places, categories."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection

from programs.rules.eligibility import decide_one
from programs.rules.eligibility_sql import decision_sql
from programs.tests.test_rules import terms

pytestmark = pytest.mark.django_db

CODES = {"tekun": 1, "dibao": 2, "guer": 3}
STARTS, TODAY = date(2028, 2, 29), date(2027, 11, 26)
PLANS = [
    {}, {"min_age": None, "max_age": None}, {"min_age": None}, {"max_age": None, "age_on": "enrollment"},
    {"regions": ("441602", "4417")}, {"categories": (("dibao", 2), ("tekun", 1))}, {"categories": ()}, {"min_age": 0, "max_age": 0},
    {"min_age": None, "max_age": None, "requires_guardian": True},
]


def cases(seed: int, count: int) -> list[tuple[date | None, str | None, list[int] | None]]:
    """Birth dates around the bounds of 18, 60 and 61 years, leap days among them; places and categories of all sorts."""
    random = Random(seed)
    found: list[tuple[date | None, str | None, list[int] | None]] = []
    for _case in range(count):
        near = random.choice((STARTS, TODAY))
        year = near.year - random.choice((0, 1, 17, 18, 19, 59, 60, 61, 62, 90))
        day = date(year, near.month, min(near.day, 28)) + timedelta(days=random.randint(-3, 3))
        born = random.choice((day, day, day, date(1968, 2, 29), date(2008, 2, 29), None))
        place = random.choice(("441602", "441602001002", "441621", "441702", "4417", "45", "", None))
        held = random.choice((None, [], [1], [2], [2, 1], [3], [3, 2]))
        found.append((born, place, held))
    return found


@pytest.mark.parametrize("changes", PLANS, ids=[str(plan) for plan in PLANS])
def test_sql_and_the_pure_rule_decide_alike(changes: dict[str, Any]) -> None:
    plan, searched = terms(**changes), cases(len(str(changes)), 800)
    category, rule, given = decision_sql(
        plan, birth="one.birth", region="one.place", categories="one.held", period_starts_on=STARTS, enrolled_on=TODAY
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {category}, {rule} FROM (
                SELECT number, birth::date, place, CASE WHEN held IS NULL THEN NULL ELSE held::bigint[] END AS held
                FROM unnest(%(births)s::text[], %(places)s::text[], %(helds)s::text[]) WITH ORDINALITY
                    AS one(birth, place, held, number)
            ) AS one ORDER BY number
            """,
            {
                **given, "births": [born and born.isoformat() for born, _place, _held in searched],
                "places": [place for _born, place, _held in searched],
                "helds": [None if held is None else "{" + ",".join(map(str, held)) + "}" for _born, _place, held in searched],
            },
        )
        found = cursor.fetchall()
    names = {number: code for code, number in CODES.items()}
    broken = set()
    for (born, place, held), (category_id, said) in zip(searched, found, strict=True):
        wanted = decide_one(
            born, place, [names[each] for each in held or ()], plan, period_starts_on=STARTS, enrolled_on=TODAY
        )
        assert (names.get(category_id or 0), said) == (wanted.category, wanted.rule), (born, place, held)
        broken.add(said)
    assert len(broken) >= (1 if changes.get("categories") == () else 3)
