"""What a cover costs a person of an age and a category: for one, for a million rows at once, and as SQL; no database here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import polars as pl

from programs.rules.eligibility import completed_years, years_at
from programs.rules.eligibility_sql import years_sql
from programs.terms import PlanTerms, PriceTerms

#: Nobody is older: ages of a price table are looked at one by one.
OLDEST = 150


def price_of(terms: PlanTerms, *, age: int | None, category_id: int | None) -> Decimal:
    """Yuan for a whole cover: the first price that holds, else the plan's premium. The oracle of the other two."""
    number = _first(terms, age=age, category_id=category_id)
    return terms.premium if number is None else terms.prices[number].premium


def price_one(terms: PlanTerms, *, birth_on: date | None, category_id: int | None, day: date) -> Decimal:
    """The same for a person; `day`: the one on which the plan's ages count."""
    return price_of(terms, age=None if birth_on is None else completed_years(birth_on, day), category_id=category_id)


def amounts(terms: PlanTerms, category_id: int | None = None) -> list[Decimal]:
    """Every price that somebody (of a category) may have, each once, the plan's premium first: `price_numbers` count so."""
    found = [terms.premium]
    for price in terms.prices:
        if category_id is None or price.category_id in (None, category_id):
            found.append(price.premium)
    return list(dict.fromkeys(found))


def price_number(terms: PlanTerms, *, day: date) -> pl.Expr:
    """The place in `amounts` of what each row (`birth_on` Date, `category_id` Int64) costs."""
    places = {amount: place for place, amount in enumerate(amounts(terms))}
    number = pl.lit(0, pl.Int16)
    years = years_at(day)
    for price in reversed(terms.prices):
        holds = pl.lit(value=True)
        if price.age_from is not None:
            holds = holds & (years >= price.age_from)
        if price.age_until is not None:
            holds = holds & (years <= price.age_until)
        if price.category_id is not None:
            holds = holds & (pl.col("category_id") == price.category_id)
        number = pl.when(holds.fill_null(value=False)).then(pl.lit(places[price.premium], pl.Int16)).otherwise(number)
    return number


def price_sql(terms: PlanTerms, *, birth: str, category: str, day: date) -> tuple[str, dict[str, Any]]:
    """An expression for the price in yuan, and the values that it names. `birth`, `category`: expressions, maybe null."""
    given: dict[str, Any] = {"plan_premium": terms.premium, "age_year": day.year, "age_day": day.month * 100 + day.day}
    years, cases = years_sql(birth), []
    for place, price in enumerate(terms.prices):
        holds = []
        for name, value, compared in (("from", price.age_from, ">="), ("until", price.age_until, "<=")):
            if value is not None:
                given[f"price_{place}_{name}"] = value
                holds.append(f"{years} {compared} %(price_{place}_{name})s::int")
        if price.category_id is not None:
            given[f"price_{place}_category"] = price.category_id
            holds.append(f"{category} = %(price_{place}_category)s::bigint")
        given[f"price_{place}"] = price.premium
        cases.append(f"WHEN {' AND '.join(holds) or 'true'} THEN %(price_{place})s::numeric")
    if not cases:
        return "%(plan_premium)s::numeric", given
    return f"CASE {' '.join(cases)} ELSE %(plan_premium)s::numeric END", given


@dataclass(frozen=True)
class Remark:
    """What should be looked at in a price table. `line`: its place from 1, 0 for the plan's premium; ages inclusive.

    never_reached: no age and category for which the line counts; overlap: `other` (before it) counts where both hold and
    they differ; gap: between ages that have a line the plan's premium counts; premium_unused: the plan's premium counts for
    nobody; outside: no age of the plan, or no category of the plan.
    """

    code: str
    line: int
    other: int = 0
    age_from: int = 0
    age_until: int = 0


def remarks(terms: PlanTerms) -> list[Remark]:
    """What is odd about a price table, line by line; nothing where the plan has none."""
    if not terms.prices:
        return []
    ages = range(terms.min_age or 0, (OLDEST if terms.max_age is None else terms.max_age) + 1)
    categories = [category_id for _code, category_id in terms.categories]
    first = {(age, category): _first(terms, age=age, category_id=category) for age in ages for category in categories}
    found: list[Remark] = []
    for number, price in enumerate(terms.prices):
        held = [place for place in first if _holds(price, *place)]
        if not held:
            found.append(Remark("outside", number + 1))
        elif all(first[place] != number for place in held):
            found.append(Remark("never_reached", number + 1, other=first[held[0]] + 1))  # type: ignore[operator]
        else:
            found += _overlaps(terms.prices, number, held)
    found += _gaps(first, ages, categories)
    if None not in first.values():
        found.append(Remark("premium_unused", 0))
    return found


def _overlaps(prices: Sequence[PriceTerms], number: int, held: Sequence[tuple[int, int]]) -> list[Remark]:
    found = []
    for other in range(number):
        both = [age for age, category in held if _holds(prices[other], age, category)]
        # A line for one category before a line for all is how a table is written.
        narrower = prices[other].category_id is not None and prices[number].category_id is None
        if both and not narrower and prices[other].premium != prices[number].premium:
            found.append(Remark("overlap", number + 1, other=other + 1, age_from=min(both), age_until=max(both)))
    return found


def _gaps(first: dict[tuple[int, int], int | None], ages: range, categories: Sequence[int]) -> list[Remark]:
    """Ages without a line between two with one; each once, whatever the categories."""
    found: dict[tuple[int, int], Remark] = {}
    for category in categories:
        priced = [age for age in ages if first[age, category] is not None]
        for before, after in pairwise(priced):
            if after > before + 1:
                found[before + 1, after - 1] = Remark("gap", 0, age_from=before + 1, age_until=after - 1)
    return [found[place] for place in sorted(found)]


def _first(terms: PlanTerms, *, age: int | None, category_id: int | None) -> int | None:
    return next((number for number, price in enumerate(terms.prices) if _holds(price, age, category_id)), None)


def _holds(price: PriceTerms, age: int | None, category_id: int | None) -> bool:
    if price.category_id is not None and price.category_id != category_id:
        return False
    if age is None:
        return not price.bounds_ages
    return (price.age_from is None or age >= price.age_from) and (price.age_until is None or age <= price.age_until)
