"""Whether a plan takes a person in, and as which category: for a million rows at once, with a scalar twin as oracle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from programs.terms import PlanTerms

#: Rules in the order in which the first broken one is named.
RULES = ("category", "region", "age_unknown", "too_young", "too_old")


@dataclass(frozen=True)
class Eligibility:
    """`category`: the code that counts, None without one; `rule`: the first broken rule, None when taken in."""

    category: str | None
    rule: str | None


def counting_day(terms: PlanTerms, *, period_starts_on: date, enrolled_on: date) -> date:
    """The day on which ages count."""
    return enrolled_on if terms.age_on == "enrollment" else period_starts_on


def completed_years(birth_on: date, on: date) -> int:
    """Age in completed years; a 29 February birthday is completed on 1 March of other years."""
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))


def asks_for_ages(terms: PlanTerms) -> bool:
    """Whether a plan cannot do without a birth date: it bounds ages, prices by them, or tells minors from adults."""
    bounded = terms.min_age is not None or terms.max_age is not None
    return bounded or terms.requires_guardian or any(price.bounds_ages for price in terms.prices)


def years_at(day: date) -> pl.Expr:
    """Completed years on a day of whoever was born on `birth_on`."""
    birth = pl.col("birth_on")
    before_birthday = birth.dt.month().cast(pl.Int32) * 100 + birth.dt.day() > day.month * 100 + day.day
    return day.year - birth.dt.year() - before_birthday.cast(pl.Int32)


def decide_one(
    birth_on: date | None, region: str | None, categories: Sequence[str], terms: PlanTerms, *, period_starts_on: date,
    enrolled_on: date,
) -> Eligibility:
    """The same for one person: readable, slow, the oracle of `decide`."""
    category = next((code for code, _id in terms.categories if code in categories), None)
    day = counting_day(terms, period_starts_on=period_starts_on, enrolled_on=enrolled_on)
    bounded = asks_for_ages(terms)
    rule = None
    if category is None:
        rule = "category"
    elif region is None or not any(region.startswith(prefix) for prefix in terms.regions):
        rule = "region"
    elif bounded and birth_on is None:
        rule = "age_unknown"
    elif birth_on is not None:
        age = completed_years(birth_on, day)
        if terms.min_age is not None and age < terms.min_age:
            rule = "too_young"
        elif terms.max_age is not None and age > terms.max_age:
            rule = "too_old"
    return Eligibility(category, rule)


def decide(frame: pl.DataFrame, terms: PlanTerms, *, period_starts_on: date, enrolled_on: date) -> pl.DataFrame:
    """Columns `category` and `rule`, one row per row of `frame` (birth_on Date, region String, categories List)."""
    day = counting_day(terms, period_starts_on=period_starts_on, enrolled_on=enrolled_on)
    category = pl.lit(None, pl.String)
    for code, _id in reversed(terms.categories):
        named = pl.col("categories").list.contains(pl.lit(code)).fill_null(value=False)
        category = pl.when(named).then(pl.lit(code)).otherwise(category)
    birth = pl.col("birth_on")
    age = years_at(day)
    inside = pl.any_horizontal(pl.lit(value=False), *(pl.col("region").str.starts_with(p) for p in terms.regions))
    no = pl.lit(value=False)
    bounded = asks_for_ages(terms)
    rule = (
        pl.when(category.is_null()).then(pl.lit("category"))
        .when(~inside.fill_null(value=False)).then(pl.lit("region"))
        .when(birth.is_null() if bounded else no).then(pl.lit("age_unknown"))
        .when((age < terms.min_age) if terms.min_age is not None else no).then(pl.lit("too_young"))
        .when((age > terms.max_age) if terms.max_age is not None else no).then(pl.lit("too_old"))
    )  # fmt: skip
    return frame.select(category=category, rule=rule)
