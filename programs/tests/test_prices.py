"""Prices of drafts: filled by a file, edited on the page, copied, compared, held once submitted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.testing import shared
from beneficiaries.testing import World, make_world
from programs.actions import copy_plan, set_benefits, submit_plan
from programs.admin.versions import compared
from programs.benefit_terms import benefit_terms
from programs.errors import ProgramRefused
from programs.models import Category, Plan, PlanCategory, PlanPrice
from programs.plan_prices import STUDENT
from programs.reference import make_student_category
from programs.terms import PriceTerms, plan_terms
from programs.tests.test_benefits import FIXTURES
from programs.tests.test_benefits import terms as fixture

D = Decimal
pytestmark = pytest.mark.django_db

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


def test_a_file_that_names_what_no_table_holds_is_refused_and_nothing_is_lost(world: World, draft: Plan) -> None:
    set_benefits(draft, fixture("hangzhou-2022"), by=world.finance_maker, at=world.at)
    held, before = benefit_terms(draft), rows_of(draft)
    Category.objects.filter(code=STUDENT).update(active=False)
    with pytest.raises(ProgramRefused) as refused:
        set_benefits(draft, fixture("ningbo-2025"), base="?", by=world.finance_maker, at=world.at)
    assert (refused.value.code, refused.value.facts) == ("PRICE_CATEGORY", {"line": 2, "category": STUDENT})
    assert (benefit_terms(draft), rows_of(draft)) == (held, before)


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


def test_the_page_shows_prices_who_pays_each_and_what_to_look_at(world: World, draft: Plan) -> None:
    for position, (premium, first, last) in enumerate((("20.00", 0, 17), ("80.00", 17, 59), ("5.00", 30, 40)), 1):
        PlanPrice.objects.create(plan=draft, position=position, premium=D(premium), age_from=first, age_until=last)
    shown = signed_in(world.finance_maker).get(reverse("admin:programs_plan_change", args=[draft.pk])).content.decode()
    for text in (
        "17 周岁及以下", "17–59 周岁", "第 3 档不会用到", "第 1 档与第 2 档在17 周岁重叠",
        "固定分担额合计 30.01 元", "高于保费 20.00 元", "19.99",
    ):
        assert text in shown, text


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
