"""Eligibility, division and proration as tables of cases; no database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs.errors import ProgramRefused
from programs.rules.eligibility import decide, decide_one
from programs.rules.funding import resolve_split
from programs.rules.proration import prorate
from programs.terms import PlanTerms, SchemeTerms, ShareTerms

D = Decimal
USUAL = (ShareTerms("person", None, D("0.01")), ShareTerms("county", None, D("30.00")), ShareTerms("funder", 9, None))


def terms(**changes: object) -> PlanTerms:
    values = {
        "plan_id": 1, "premium": D("99.00"), "proration": "none", "min_age": 18, "max_age": 60, "age_on": "period_start",
        "regions": ("4416",), "categories": (("tekun", 1), ("dibao", 2)),
        "schemes": (SchemeTerms("全部", None, "", USUAL),), "governments": {"441602": 5, "441621": 6}, **changes,
    }
    return PlanTerms(**values)  # type: ignore[arg-type]


def test_one_fen_from_the_person_thirty_from_their_county_the_rest_from_the_foundation() -> None:
    split = resolve_split(terms(), county="441602", category_id=2)
    assert (split.own_share, split.lines) == (D("0.01"), ((5, D("30.00")), (9, D("68.99"))))
    assert resolve_split(terms(), county="441621", category_id=2).lines[0] == (6, D("30.00"))


def test_the_narrowest_scheme_counts() -> None:
    alone = (ShareTerms("funder", 9, None),)
    schemes = (
        SchemeTerms("全部", None, "", USUAL), SchemeTerms("本县", None, "441602", alone),
        SchemeTerms("特困", 1, "", (ShareTerms("county", None, None),)),
    )
    plan = terms(schemes=schemes)
    assert resolve_split(plan, county="441602", category_id=1).lines == ((5, D("99.00")),)
    assert resolve_split(plan, county="441602", category_id=2).lines == ((9, D("99.00")),)
    assert resolve_split(plan, county="441621", category_id=2).lines == ((6, D("30.00")), (9, D("68.99")))


@pytest.mark.parametrize(
    ("shares", "code"),
    [
        ((ShareTerms("person", None, D("0.01")),), "NO_REMAINDER"),
        ((ShareTerms("funder", 9, None), ShareTerms("person", None, D("0.01"))), "NO_REMAINDER"),
        ((ShareTerms("county", None, D("100.00")), ShareTerms("funder", 9, None)), "SHARES_ABOVE_PREMIUM"),
    ],
)
def test_shares_that_cannot_sum_to_the_premium_are_refused(shares: tuple[ShareTerms, ...], code: str) -> None:
    with pytest.raises(ProgramRefused) as refused:
        resolve_split(terms(schemes=(SchemeTerms("全部", None, "", shares),)), county="441602", category_id=2)
    assert refused.value.code == code


def test_a_county_without_a_funder_is_refused_by_name() -> None:
    with pytest.raises(ProgramRefused) as refused:
        resolve_split(terms(), county="441622", category_id=2)
    assert (refused.value.code, refused.value.facts) == ("COUNTY_FUNDER_MISSING", {"county": "441622"})


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 100_000), st.integers(0, 100), st.integers(0, 100_000), st.integers(1, 366))
def test_every_division_sums_to_its_premium(premium: int, own: int, county: int, days: int) -> None:
    whole, person, fixed = (D(fen) / 100 for fen in (premium, own, county))
    if person + fixed > whole:
        return
    shares = (ShareTerms("person", None, person), ShareTerms("county", None, fixed), ShareTerms("funder", 9, None))
    plan = terms(premium=whole, schemes=(SchemeTerms("全部", None, "", shares),))
    late = prorate(
        whole, rule="daily", starts_on=date(2027, 1, 1), ends_on=date(2028, 1, 2),
        cover_from=date.fromordinal(date(2027, 1, 1).toordinal() + days - 1),
    )
    split = resolve_split(plan, county="441602", category_id=2, premium=late)
    assert split.own_share + sum((amount for _funder, amount in split.lines), D(0)) == split.premium == late
    assert all(amount > 0 for _funder, amount in split.lines)


@pytest.mark.parametrize(
    ("rule", "cover_from", "costs"),
    [
        ("none", date(2027, 7, 1), "99.00"), ("daily", date(2027, 1, 1), "99.00"), ("daily", date(2027, 7, 2), "49.64"),
        ("daily", date(2027, 12, 31), "0.27"), ("monthly", date(2027, 7, 15), "49.50"), ("monthly", date(2027, 12, 31), "8.25"),
    ],
)
def test_a_late_start_costs(rule: str, cover_from: date, costs: str) -> None:
    found = prorate(
        D("99.00"), rule=rule, starts_on=date(2027, 1, 1), ends_on=date(2028, 1, 1), cover_from=cover_from
    )
    assert found == D(costs)


PEOPLE = st.tuples(
    st.one_of(st.none(), st.dates(date(1930, 1, 1), date(2027, 1, 1))),
    st.sampled_from([None, "441602", "441702", "4416"]),
    st.lists(st.sampled_from(["tekun", "dibao", "other"]), max_size=3, unique=True),
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(PEOPLE, min_size=1, max_size=20), st.sampled_from([None, 0, 18]), st.sampled_from([None, 60, 95]),
    st.sampled_from(["period_start", "enrollment"]),
)
def test_the_columns_decide_as_the_readable_rule_does(
    people: list, youngest: int | None, oldest: int | None, age_on: str
) -> None:
    plan = terms(min_age=youngest, max_age=oldest, age_on=age_on)
    days = {"period_starts_on": date(2027, 1, 1), "enrolled_on": date(2026, 11, 24)}
    frame = pl.DataFrame(
        people, schema={"birth_on": pl.Date, "region": pl.String, "categories": pl.List(pl.String)}, orient="row"
    )
    found = [tuple(row) for row in decide(frame, plan, **days).iter_rows()]
    wanted = [decide_one(birth, region, categories, plan, **days) for birth, region, categories in people]
    assert found == [(each.category, each.rule) for each in wanted]
