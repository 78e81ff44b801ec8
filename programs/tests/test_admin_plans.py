"""The admin's way of a plan: drafted from nothing with all its children, approved by another, in force, a period opened."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from audit.testing import shared
from beneficiaries.testing import World, make_world
from programs.models import Budget, Category, Funder, FundingScheme, FundingShare, Period, Plan
from programs.rules.funding import resolve_split
from programs.terms import plan_terms
from programs.testing import filed, make_program

pytestmark = pytest.mark.django_db
D = Decimal


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(kept_world: World) -> World:
    return kept_world


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def fields_of(page: Any) -> dict[str, str]:
    """Every value that the forms of a change page would send as they stand."""
    context = page.context_data if hasattr(page, "context_data") else page.context
    found: dict[str, str] = {}

    def take(form: Any) -> None:
        for bound in form:
            value = bound.value()
            if value is None or value is False:
                continue
            found[bound.html_name] = "on" if value is True else str(value)

    take(context["adminform"].form)
    for inline in context["inline_admin_formsets"]:
        for name, value in inline.formset.management_form.initial.items():
            found[f"{inline.formset.prefix}-{name}"] = str(value)
        for form in inline.formset.forms:
            take(form)
    return found


def added(fields: dict[str, str], prefix: str, *rows: dict[str, Any]) -> dict[str, str]:
    """The same with rows added to an inline."""
    total = int(fields[f"{prefix}-TOTAL_FORMS"])
    found = dict(fields)
    for number, row in enumerate(rows, total):
        for name, value in row.items():
            found[f"{prefix}-{number}-{name}"] = str(value)
    found[f"{prefix}-TOTAL_FORMS"] = str(total + len(rows))
    return found


def errors_of(answer: Any) -> list[Any]:
    if answer.status_code == 302:
        return []
    context = answer.context_data
    return [context["adminform"].form.errors, *(inline.formset.errors for inline in context["inline_admin_formsets"])]


def new_plan(world: World, maker: Client, **changes: Any) -> Any:
    given = {
        "program": world.program.pk, "name": "新年度方案", "premium": "99.00", "cover_limit": "1500000.00",
        "own_share": "0.01", "county_share": "30.00", "funder": world.foundation.pk, "requires_notice": "on", **changes,
    }
    return maker.post(reverse("admin:programs_plan_draft"), given)


def test_a_plan_goes_from_nothing_to_a_period_in_the_admin(world: World) -> None:
    Funder.objects.create(name="紫金县财政", kind="government", region_code="441621", organization=world.sibling)
    maker, checker, reviewer = (
        signed_in(user) for user in (world.finance_maker, world.finance_checker, world.reviewer)
    )
    assert new_plan(world, maker).status_code == 302
    plan = Plan.objects.get(name="新年度方案")
    address = reverse("admin:programs_plan_change", args=[plan.pk])
    assert (plan.state, plan.requires_own_payment) == ("draft", False)

    # Terms, priorities, a region, a scheme of its own for one category: on the draft's page.
    page = maker.get(address)
    fields = fields_of(page)
    tekun = Category.objects.get(code="tekun")
    fields |= {"proration": "monthly", "min_age": "18", "max_age": "60", "notice_days": "7"}
    fields = added(fields, "regions", {"region_prefix": "4416"})
    fields = added(fields, "schemes", {"name": "特困人员", "category": tekun.pk, "region_prefix": ""})
    answer = maker.post(address, fields)
    assert errors_of(answer) == []
    plan.refresh_from_db()
    assert (plan.proration, plan.min_age, plan.max_age, plan.notice_days) == ("monthly", 18, 60, 7)
    assert list(plan.regions.values_list("region_prefix", flat=True)) == ["4416"]
    scheme = FundingScheme.objects.get(plan=plan, category=tekun)

    # A scheme without shares is not submitted, and the page says whose they lack.
    submit = reverse("admin:programs_plan_submit", args=[plan.pk])
    refused = maker.post(submit)
    assert refused.status_code == 409
    assert "方式“特困人员”" in refused.content.decode()

    # The shares stand on the scheme's own page, reached from the plan's.
    link = reverse("admin:programs_fundingscheme_change", args=[scheme.pk])
    assert link in maker.get(address).content.decode()
    fields = added(
        fields_of(maker.get(link)), "shares", {"position": 1, "payer": "county", "amount": "50.00"},
        {"position": 2, "payer": "funder", "funder": world.foundation.pk},
    )
    answer = maker.post(link, fields)
    assert errors_of(answer) == []
    shares = FundingShare.objects.filter(scheme=scheme).values_list("position", "payer", "funder", "amount")
    assert list(shares) == [(1, "county", None, D("50.00")), (2, "funder", world.foundation.pk, None)]
    assert Event.objects.filter(verb="plan.changed", subject_id=str(plan.pk)).count() == 2

    assert maker.post(submit).status_code == 302
    assert maker.post(reverse("admin:programs_plan_approve", args=[plan.pk])).status_code == 403
    # Nothing is edited any more, by whatever request.
    assert maker.post(address, fields).status_code == 403
    assert maker.post(link, fields).status_code == 403
    page = checker.get(address).content.decode()
    for text in ("特困人员", "50.00", "49.00", "30.00", "68.99", "4416"):
        assert text in page
    assert checker.post(reverse("admin:programs_plan_approve", args=[plan.pk])).status_code == 302
    assert checker.post(reverse("admin:programs_plan_put_in_force", args=[plan.pk])).status_code == 302
    plan.refresh_from_db()
    assert (plan.state, plan.decided_by) == ("in_force", world.finance_checker)
    split = resolve_split(plan_terms(plan), county="441621", category_id=tekun.pk)
    assert [amount for _funder, amount in split.lines] == [D("50.00"), D("49.00")]

    opened = {
        "code": "2031", "starts_on": "2031-01-01", "last_day": "2031-12-31", "enrollment_opens_on": "2030-10-01",
        "enrollment_closes_on": "2031-03-01",
    }
    period_address = reverse("admin:programs_plan_open_period", args=[plan.pk])
    assert reviewer.post(period_address, {**opened, "enrollment_closes_on": "2033-01-01"}).status_code == 409
    assert reviewer.post(period_address, opened).status_code == 302
    assert reviewer.post(period_address, opened).status_code == 409
    period = Period.objects.get(code="2031")
    assert period.ends_on == date(2032, 1, 1)
    for shown in (
        reverse("admin:programs_period_changelist"), reverse("admin:programs_period_change", args=[period.pk]), address,
    ):
        page = reviewer.get(shown).content.decode()
        assert re.search("2031-12-31|2031年12月31日", page) and not re.search("2032-0?1-0?1|2032年1月1日", page), shown
    foundation = signed_in(world.foundation_maker)
    given = {"funder": world.foundation.pk, "period": period.pk, "label": "第一批", "granted": "1000.00"}
    assert foundation.post(reverse("admin:programs_budget_propose"), given).status_code == 302
    assert Budget.objects.get(period=period).state == "draft"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"premium": "0"}, "大于或等于"), ({"cover_limit": "0.00"}, "大于或等于"),
        ({"min_age": "70", "max_age": "60"}, "最大年龄小于最小年龄"),
    ],
)
def test_a_draft_that_cannot_be_is_refused_in_words(world: World, changes: dict[str, str], words: str) -> None:
    answer = new_plan(world, signed_in(world.finance_maker), **changes)
    assert answer.status_code in (200, 409)
    assert words in answer.content.decode()
    assert Plan.objects.count() == 1


def test_the_draft_page_refuses_terms_and_children_that_the_database_would(world: World) -> None:
    maker = signed_in(world.finance_maker)
    new_plan(world, maker)
    plan = Plan.objects.get(name="新年度方案")
    address = reverse("admin:programs_plan_change", args=[plan.pk])
    fields = fields_of(maker.get(address))
    tekun = Category.objects.get(code="tekun").pk
    for wrong in (
        {**fields, "premium": "0"}, {**fields, "min_age": "70", "max_age": "60"}, {**fields, "notice_days": "-1"},
        added(fields, "categories", {"category": tekun, "priority": 1}),
        added(fields, "regions", {"region_prefix": "4416"}, {"region_prefix": "4416"}),
        added(fields, "schemes", {"name": "另一", "category": "", "region_prefix": ""}),
        added(fields, "regions", {"region_prefix": "河源"}), added(fields, "schemes", {"name": "x", "region_prefix": "44160"}),
    ):
        answer = maker.post(address, wrong)
        assert answer.status_code == 200, wrong
        assert any(errors_of(answer))
    scheme = plan.schemes.get()
    link = reverse("admin:programs_fundingscheme_change", args=[scheme.pk])
    fields = fields_of(maker.get(link))
    for wrong in (
        added(fields, "shares", {"position": 1, "payer": "person", "amount": "1.00"}),
        added(fields, "shares", {"position": 7, "payer": "funder", "amount": "1.00"}),
        added(fields, "shares", {"position": 7, "payer": "person", "funder": world.foundation.pk, "amount": "1.00"}),
        added(fields, "shares", {"position": 7, "payer": "person", "amount": "-1.00"}),
    ):
        answer = maker.post(link, wrong)
        assert answer.status_code == 200, wrong
        assert any(errors_of(answer))
    assert scheme.shares.count() == 3


def test_the_page_of_a_plan_shows_every_county_that_pays_another_way_and_what_lacks(world: World) -> None:
    maker = signed_in(world.finance_maker)
    new_plan(world, maker)
    plan = Plan.objects.get(name="新年度方案")
    FundingScheme.objects.create(plan=plan, name="源城专项", region_prefix="441602")
    page = maker.get(reverse("admin:programs_plan_change", args=[plan.pk])).content.decode()
    assert "方式“源城专项”" in page


def test_buttons_are_offered_to_whom_they_serve(world: World) -> None:
    maker = signed_in(world.finance_maker)
    new_plan(world, maker)
    plan = Plan.objects.get(name="新年度方案")
    address = reverse("admin:programs_plan_change", args=[plan.pk])

    def offered(client: Client) -> set[str]:
        page = client.get(address).content.decode()
        found = re.findall(rf"/admin/programs/plan/{plan.pk}/([a-z-]+)/|/admin/programs/plan/([a-z-]+)/{plan.pk}/", page)
        return {name for pair in found for name in pair if name} - {"change", "history"}

    assert offered(maker) == {"submit", "copy", "compare", "benefits", "benefits-file", "paper"}
    assert offered(signed_in(world.finance_checker)) == {"compare"}
    maker.post(reverse("admin:programs_plan_submit", args=[plan.pk]))
    assert offered(maker) == {"copy", "compare"}
    assert offered(signed_in(world.finance_checker)) == {"approve", "refuse", "compare"}
    assert offered(signed_in(world.foundation_checker)) == {"compare"}
    assert offered(signed_in(world.clerk)) == {"compare"}


def test_the_number_of_another_plans_scheme_is_no_row_of_this_plan(world: World) -> None:
    maker = signed_in(world.finance_maker)
    assert new_plan(world, maker).status_code == 302
    plan = Plan.objects.get(name="新年度方案")
    address = reverse("admin:programs_plan_change", args=[plan.pk])
    own = FundingScheme.objects.get(plan=plan)
    foreign = FundingScheme.objects.get(plan=world.plan)
    fields = fields_of(maker.get(address))
    assert fields["schemes-0-id"] == str(own.pk)
    answers = {}
    for name, number in (("foreign", foreign.pk), ("nobody's", 9_999_999)):
        answer = maker.post(address, {**fields, "schemes-0-id": str(number), "schemes-0-name": "改名"})
        assert answer.status_code == 200
        answers[name] = [str(error).replace(str(number), "") for error in errors_of(answer)]
    assert answers["foreign"] and answers["foreign"] == answers["nobody's"]
    assert sorted(FundingScheme.objects.values_list("name", flat=True).filter(pk__in=[own.pk, foreign.pk])) == sorted(
        [own.name, foreign.name]
    )


def test_a_plan_that_people_pay_for_themselves_goes_into_force(world: World) -> None:
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    program = make_program("HMB", organization=world.city, kind="supplementary", name="惠民保")
    refused = new_plan(world, maker, program=program.pk, funder="", county_share="", name="惠民保方案")
    assert refused.status_code == 200
    assert "或将个人份额留空" in refused.content.decode()
    refused = new_plan(world, maker, program=program.pk, own_share="", name="惠民保方案")
    assert "没有则填 0" in refused.content.decode()
    answer = new_plan(
        world, maker, program=program.pk, name="惠民保定制方案", premium="150.00", own_share="", county_share="", funder="",
        requires_own_payment="on", requires_notice="",
    )
    assert answer.status_code == 302
    plan = filed(Plan.objects.get(name="惠民保定制方案"), by=world.finance_maker, at=world.at)
    assert (plan.period_kind, plan.proration) == ("annual", "none")
    assert list(plan.categories.values_list("category__code", flat=True)) == ["renren"]
    for client, verb in ((maker, "submit"), (checker, "approve"), (checker, "put_in_force")):
        assert client.post(reverse(f"admin:programs_plan_{verb}", args=[plan.pk])).status_code == 302
    plan.refresh_from_db()
    assert plan.state == "in_force"
    split = resolve_split(plan_terms(plan), county="441602", category_id=Category.objects.get(code="renren").pk)
    assert (split.own_share, split.lines) == (D("150.00"), ())


def test_a_plan_of_spans_goes_into_force_with_its_price_and_bounds(world: World) -> None:
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    program = make_program("DAY", organization=world.city, kind="day_cover", name="日结保")
    answer = new_plan(
        world, maker, program=program.pk, name="日结方案", premium="3.00", own_share="0.00", county_share="",
        requires_notice="on", requires_insurer_acceptance="on",
    )
    assert answer.status_code == 302
    plan = Plan.objects.get(name="日结方案")
    assert (plan.period_kind, plan.proration, plan.requires_notice, plan.age_on) == ("span", "daily", False, "enrollment")
    address = reverse("admin:programs_plan_change", args=[plan.pk])
    submit = reverse("admin:programs_plan_submit", args=[plan.pk])
    for changes, words in (
        ({"proration": "none"}, "按天还是按时长"), ({"requires_notice": "on"}, "不能等待公示"),
        ({"period_kind": "annual", "longest_hours": "36"}, "只用于按时段保障"),
    ):
        before = fields_of(maker.get(address))
        assert errors_of(maker.post(address, {**before, **changes})) == []
        refused = maker.post(submit)
        assert refused.status_code == 409
        assert words in refused.content.decode()
        assert errors_of(maker.post(address, before)) == []
    fields = fields_of(maker.get(address)) | {"proration": "time", "minimum_premium": "0.50", "longest_hours": "36"}
    assert errors_of(maker.post(address, fields)) == []
    for client, verb in ((maker, "submit"), (checker, "approve"), (checker, "put_in_force")):
        assert client.post(reverse(f"admin:programs_plan_{verb}", args=[plan.pk])).status_code == 302
    plan.refresh_from_db()
    assert (plan.state, plan.minimum_premium, plan.longest_hours) == ("in_force", D("0.50"), 36)
    page = checker.get(address).content.decode()
    for text in ("起止时刻", "按时长", "0.50", "36"):
        assert text in page
    assert maker.post(reverse("admin:programs_plan_new_version", args=[plan.pk])).status_code == 302
    copy = Plan.objects.get(name="日结方案", number=2)
    assert (copy.minimum_premium, copy.longest_hours, copy.period_kind) == (D("0.50"), 36, "span")


def test_a_plan_that_prices_no_span_is_refused_by_the_database_too(world: World) -> None:
    program = make_program("DAY", organization=world.city, kind="day_cover")
    plan = Plan.objects.create(
        program=program, number=1, name="x", premium=D("3.00"), cover_limit=D("1.00"), period_kind="span",
        drafted_by=world.finance_maker, drafted_at=world.at,
    )
    with pytest.raises(IntegrityError, match="plan_prices_its_time"), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(state="in_review")
