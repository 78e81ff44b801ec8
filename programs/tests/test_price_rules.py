"""Prices by age and category: rules as tables of cases, the three readings of one table, who pays a lower price."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

import polars as pl
import pytest
from django.db import connection

from programs.errors import ProgramRefused
from programs.rules.funding import resolve_split
from programs.rules.prices import Remark, amounts, price_number, price_one, price_sql, remarks
from programs.terms import PriceTerms, SchemeTerms, ShareTerms
from programs.tests.test_rules import USUAL, terms

D = Decimal
STUDENTS, DAY = 2, date(2027, 1, 1)
#: 150; 100 for children, and for students of any age.
CITY = (PriceTerms(D("100.00"), None, 17), PriceTerms(D("100.00"), category_id=STUDENTS))


def priced(*prices: PriceTerms, **changes: object) -> object:
    return terms(**{"premium": D("150.00"), "min_age": None, "max_age": None, "prices": prices, **changes})


# --- what somebody costs


@pytest.mark.parametrize(
    ("born", "category", "costs"),
    [
        (date(2009, 1, 2), 1, "100.00"),  # seventeen until tomorrow
        (date(2009, 1, 1), 1, "150.00"),  # eighteen on the day
        (date(2001, 5, 1), STUDENTS, "100.00"), (date(2001, 5, 1), 1, "150.00"), (date(2027, 1, 1), 1, "100.00"),
        (date(2008, 2, 29), 1, "150.00"), (None, STUDENTS, "100.00"),
    ],
)
def test_the_first_price_that_holds_counts_else_the_plans_premium(born: date | None, category: int, costs: str) -> None:
    assert price_one(priced(*CITY), birth_on=born, category_id=category, day=DAY) == D(costs)  # type: ignore[arg-type]


def test_a_leap_day_child_is_eighteen_on_the_first_of_march() -> None:
    plan = priced(*CITY)
    for day, costs in ((date(2026, 2, 28), "100.00"), (date(2026, 3, 1), "150.00")):
        assert price_one(plan, birth_on=date(2008, 2, 29), category_id=1, day=day) == D(costs)  # type: ignore[arg-type]


def test_prices_that_a_category_may_have() -> None:
    plan = priced(*CITY, PriceTerms(D("80.00"), 60, None, 1))
    assert amounts(plan) == [D("150.00"), D("100.00"), D("80.00")]  # type: ignore[arg-type]
    assert amounts(plan, STUDENTS) == [D("150.00"), D("100.00")]  # type: ignore[arg-type]


TABLES = [
    (), CITY, (PriceTerms(D("10.00"), 18, 59),), (PriceTerms(D("10.00"), 60, None, 1), PriceTerms(D("20.00"), 18, None)),
    (PriceTerms(D("5.00")),), (PriceTerms(D("5.00"), 0, 0), PriceTerms(D("6.00"), 1, 17, STUDENTS), PriceTerms(D("150.00"), 1, 17)),
]


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES, ids=range(len(TABLES)))
def test_columns_and_sql_price_as_the_readable_rule_does(table: tuple[PriceTerms, ...]) -> None:
    plan, random = priced(*table), Random(len(table))
    ages = (0, 1, 17, 18, 59, 60, 61, 90)
    born = [None, date(2008, 2, 29), *(date(2027 - age, 1, day) for age in ages for day in (1, 2, 3))]
    people = [(random.choice(born), random.choice((None, 1, STUDENTS, 3))) for _case in range(400)]
    wanted = [price_one(plan, birth_on=born, category_id=category, day=DAY) for born, category in people]  # type: ignore[arg-type]
    frame = pl.DataFrame(people, schema={"birth_on": pl.Date, "category_id": pl.Int64}, orient="row")
    numbers = frame.with_columns(number=price_number(plan, day=DAY))["number"].to_list()  # type: ignore[arg-type]
    assert [amounts(plan)[number] for number in numbers] == wanted  # type: ignore[arg-type]
    price, given = price_sql(plan, birth="one.born", category="one.category", day=DAY)  # type: ignore[arg-type]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {price} FROM unnest(%(born)s::date[], %(held)s::bigint[]) WITH ORDINALITY AS one(born, category, number) "
            "ORDER BY number",
            {**given, "born": [each for each, _held in people], "held": [held for _born, held in people]},
        )
        assert [amount for (amount,) in cursor.fetchall()] == wanted


# --- what a table should be looked at for


@pytest.mark.parametrize(
    ("table", "changes", "found"),
    [
        (CITY, {}, []),
        ((), {}, []),
        ((PriceTerms(D("50"), 0, 17), PriceTerms(D("80"), 20, 59)), {},
         [Remark("gap", 0, age_from=18, age_until=19)]),
        ((PriceTerms(D("50"), 0, 18), PriceTerms(D("80"), 18, 59)), {},
         [Remark("overlap", 2, other=1, age_from=18, age_until=18)]),
        ((PriceTerms(D("50"), 0, 30), PriceTerms(D("80"), 3, 17)), {}, [Remark("never_reached", 2, other=1)]),
        ((PriceTerms(D("50"), 0, 17),), {"min_age": 18}, [Remark("outside", 1)]),
        ((PriceTerms(D("50"), category_id=9),), {}, [Remark("outside", 1)]),
        ((PriceTerms(D("50")),), {}, [Remark("premium_unused", 0)]),
        ((PriceTerms(D("50"), category_id=STUDENTS), PriceTerms(D("80"), 60, None)), {}, []),
    ],
)
def test_what_a_table_should_be_looked_at_for(
    table: tuple[PriceTerms, ...], changes: dict[str, object], found: list[Remark]
) -> None:
    assert remarks(priced(*table, **changes)) == found  # type: ignore[arg-type]


# --- who pays a lower price


@pytest.mark.parametrize(
    ("price", "own", "county", "rest"),
    [
        ("99.00", "0.01", "30.00", "68.99"),
        ("50.00", "0.01", "30.00", "19.99"),  # a fixed share is yuan a person, whatever the price
        ("30.00", "0.01", "29.99", None),  # a share above what is left takes what is left, and who stands behind pays nothing
        ("30.01", "0.01", "30.00", None),
        ("0.01", "0.01", None, None),
        ("120.00", "0.01", "30.00", "89.99"),
    ],
)
def test_fixed_shares_go_as_far_as_the_price(price: str, own: str, county: str | None, rest: str | None) -> None:
    split = resolve_split(terms(), county="441602", category_id=2, price=D(price))
    assert split.own_share == D(own)
    assert dict(split.lines) == {
        funder: D(amount) for funder, amount in ((5, county), (9, rest)) if amount is not None
    }
    assert split.own_share + sum((amount for _funder, amount in split.lines), D(0)) == split.premium == D(price)


def test_a_late_start_of_a_lower_price_takes_its_part_of_the_fixed_shares() -> None:
    """Half of 50.00: half of the county's 30.00, the person's fen stays, the foundation the rest."""
    split = resolve_split(terms(), county="441602", category_id=2, price=D("50.00"), premium=D("25.00"))
    assert (split.own_share, split.lines) == (D("0.01"), ((5, D("15.00")), (9, D("9.99"))))


def test_a_scheme_that_the_usual_premium_cannot_bear_is_refused_whatever_the_price() -> None:
    shares = (ShareTerms("county", None, D("100.00")), ShareTerms("funder", 9, None))
    with pytest.raises(ProgramRefused) as refused:
        resolve_split(
            terms(schemes=(SchemeTerms("全部", None, "", shares),)), county="441602", category_id=2, price=D("500.00")
        )
    assert refused.value.code == "SHARES_ABOVE_PREMIUM"
    assert USUAL[0].amount == D("0.01")
