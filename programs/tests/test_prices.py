"""Prices by age and category: pure rules as tables of cases, the three readings of one table, drafts and their pages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

import polars as pl
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.testing import shared
from beneficiaries.testing import World, make_world
from programs.actions import copy_plan, set_benefits, submit_plan
from programs.admin.benefits import compared
from programs.benefit_terms import benefit_terms
from programs.errors import ProgramRefused
from programs.models import Category, Plan, PlanCategory, PlanPrice
from programs.plan_prices import STUDENT
from programs.reference import make_student_category
from programs.rules.funding import resolve_split
from programs.rules.prices import Remark, amounts, price_number, price_one, price_sql, remarks
from programs.terms import PriceTerms, SchemeTerms, ShareTerms, plan_terms
from programs.tests.test_benefits import FIXTURES
from programs.tests.test_benefits import terms as fixture
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
    numbers = frame.select(price_number(plan, day=DAY)).to_series().to_list()  # type: ignore[arg-type]
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


# --- drafts

_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(kept_world: World) -> World:
    return kept_world


@pytest.fixture
def draft(world: World) -> Plan:
    """A new version of the world's plan."""
    make_student_category(at=world.at)
    return copy_plan(world.plan, by=world.finance_maker, at=world.at)


def rows_of(plan: Plan) -> list[tuple[object, ...]]:
    return list(plan.prices.values_list("position", "premium", "age_from", "age_until", "category__code", "name", "name_en"))


@pytest.mark.django_db
def test_a_plan_file_fills_the_table_the_premium_and_the_category_of_students(world: World, draft: Plan) -> None:
    set_benefits(draft, fixture("hangzhou-2022"), by=world.finance_maker, at=world.at)
    draft.refresh_from_db()
    assert draft.premium == D("150.00")
    assert rows_of(draft) == [
        (1, D("100.00"), None, 17, None, "少儿", "child"), (2, D("100.00"), None, None, STUDENT, "学生", "student"),
    ]
    first = PlanCategory.objects.filter(plan=draft).order_by("priority", "id").first()
    assert first is not None and (first.category.code, first.priority) == (STUDENT, 0)
    assert plan_terms(draft).prices == (
        PriceTerms(D("100.00"), None, 17), PriceTerms(D("100.00"), category_id=Category.objects.get(code=STUDENT).pk),
    )
    # Without prices nothing moves; what the file says is said by the rows.
    PlanPrice.objects.filter(plan=draft, position=1).update(premium=D("90.00"))
    found = benefit_terms(draft)
    assert found is not None and [price.amount for price in found.prices] == [D("90.00"), D("100.00"), D("150.00")]


@pytest.mark.django_db
def test_a_file_that_names_what_no_table_holds_is_refused_and_nothing_is_lost(world: World, draft: Plan) -> None:
    set_benefits(draft, fixture("hangzhou-2022"), by=world.finance_maker, at=world.at)
    held, before = benefit_terms(draft), rows_of(draft)
    Category.objects.filter(code=STUDENT).update(active=False)
    with pytest.raises(ProgramRefused) as refused:
        set_benefits(draft, fixture("ningbo-2025"), base="?", by=world.finance_maker, at=world.at)
    assert (refused.value.code, refused.value.facts) == ("PRICE_CATEGORY", {"line": 2, "code": STUDENT})
    assert (benefit_terms(draft), rows_of(draft)) == (held, before)


@pytest.mark.django_db
def test_a_new_version_has_the_prices_and_the_difference_is_told(world: World, draft: Plan) -> None:
    set_benefits(draft, fixture("ningbo-2025"), by=world.finance_maker, at=world.at)
    draft.refresh_from_db()
    later = copy_plan(draft, by=world.finance_maker, at=world.at)
    assert rows_of(later) == rows_of(draft) and later.premium == D("100.00")
    later.prices.filter(position=1).update(premium=D("60.00"))
    said = [(before, after) for _part, label, before, after in compared(draft, later) if label == "保费档次"]
    assert said == [(
        "未成年人、17 周岁及以下 50.00元 / 学生 50.00元 / 其他人员 100.00元",
        "未成年人、17 周岁及以下 60.00元 / 学生 50.00元 / 其他人员 100.00元",
    )]


@pytest.mark.django_db
def test_prices_of_a_submitted_plan_are_changed_by_nobody_not_in_the_database_either(world: World, draft: Plan) -> None:
    set_benefits(draft, fixture("ningbo-2025"), by=world.finance_maker, at=world.at)
    draft.refresh_from_db()
    Plan.objects.filter(pk=draft.pk).update(premium=D("99.00"))
    submit_plan(Plan.objects.get(pk=draft.pk), by=world.finance_maker, at=world.at)
    for statement in (
        "UPDATE programs_planprice SET premium = 1 WHERE plan_id = %s", "DELETE FROM programs_planprice WHERE plan_id = %s",
        "INSERT INTO programs_planprice (plan_id, position, name, name_en, premium) VALUES (%s, 9, '', '', 1)",
    ):
        with pytest.raises(IntegrityError, match="while it is a draft only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [draft.pk])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cells", "constraint"),
    [({"premium": 0}, "plan_price_above_zero"), ({"age_from": 18, "age_until": 17}, "plan_price_ages_in_order"),
     ({"age_from": 151}, "plan_price_ages_of_people")],
)
def test_the_database_refuses_prices_that_mean_nothing(draft: Plan, cells: dict[str, int], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        PlanPrice.objects.create(plan=draft, **{"premium": D("1.00"), **cells})


# --- pages


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


@pytest.mark.django_db
def test_the_page_shows_prices_who_pays_each_and_what_to_look_at(world: World, draft: Plan) -> None:
    for position, (premium, first, last) in enumerate((("20.00", 0, 17), ("80.00", 17, 59), ("5.00", 30, 40)), 1):
        PlanPrice.objects.create(plan=draft, position=position, premium=D(premium), age_from=first, age_until=last)
    shown = signed_in(world.finance_maker).get(reverse("admin:programs_plan_change", args=[draft.pk])).content.decode()
    for text in (
        "17 周岁及以下", "17–59 周岁", "第 3 档不会用到", "第 1 档与第 2 档在17 周岁重叠",
        "固定分担额合计 30.01 元", "高于保费 20.00 元", "19.99",
    ):
        assert text in shown, text


@pytest.mark.django_db
def test_prices_are_edited_on_the_drafts_page_and_a_wrong_line_is_said_at_it(world: World, draft: Plan) -> None:
    client, address = signed_in(world.finance_maker), reverse("admin:programs_plan_change", args=[draft.pk])
    answer = client.get(address)
    given: dict[str, object] = {}
    inlines = [inline.formset for inline in answer.context["inline_admin_formsets"]]
    for form in (answer.context["adminform"].form, *(form for inline in inlines for form in inline.forms)):
        for name in form.fields:
            value = form[name].value()
            given[form.add_prefix(name)] = "" if value is None or value is False else getattr(value, "pk", value)
    for inline in inlines:
        management = inline.management_form
        for name in management.fields:
            given[management.add_prefix(name)] = management[name].value()
    given |= {
        "prices-TOTAL_FORMS": 1, "prices-0-position": 1, "prices-0-age_until": 17, "prices-0-premium": "50.00",
        "prices-0-plan": draft.pk, "prices-0-age_from": 20,
    }
    wrong = client.post(address, given)
    assert wrong.status_code == 200 and wrong.context["errors"]
    assert rows_of(draft) == []
    saved = client.post(address, given | {"prices-0-age_from": ""})
    assert saved.status_code == 302, saved.context["errors"]
    assert rows_of(draft) == [(1, D("50.00"), None, 17, None, "", "")]


def test_each_fixture_with_several_prices_is_known_here() -> None:
    several = sorted(path.stem for path in FIXTURES.glob("*.yaml") if len(fixture(path.stem).prices) > 1)
    assert several == ["hangzhou-2022", "ningbo-2025"]
