"""Every model that a person can add, change or delete in the admin writes an event when they do: the registry is walked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_organization, make_user
from audit.models import Event
from audit.testing import fault_at
from beneficiaries.testing import World, make_world
from claims.actions import create_holiday
from claims.models import Holiday
from programs import actions
from programs.models import Category, Code, FundingScheme, Hospital, Plan

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Edit:
    """One edit on a page: who does it where with what, the verb that tells of it, and what it changed, read anew."""

    by: User
    address: str
    given: dict[str, str]
    verb: str
    changed: Callable[[], Any]


def category_added(world: World, operator: User) -> Edit:
    given = {"code": "kunjing", "name": "困境儿童", "synonyms": "", "position": "12", "active": "on"}
    return Edit(
        operator, reverse("admin:programs_category_add"), given, "category.created",
        lambda: Category.objects.filter(code="kunjing").count(),
    )


def category_changed(world: World, operator: User) -> Edit:
    kept = Category.objects.get(code="tekun")
    return Edit(
        operator, reverse("admin:programs_category_change", args=[kept.pk]),
        {"name": "特困供养", "synonyms": "", "position": "1", "active": "on"}, "category.changed",
        lambda: Category.objects.get(pk=kept.pk).name,
    )


def hospital_added(world: World, operator: User) -> Edit:
    given = {
        "code": "H44160200099", "name": "新医院(示例)", "level": "2", "grade": "A", "public": "true", "region_code": "441602",
        "designated": "on", "designated_from": "2026-01-01", "designated_to": "",
    }
    return Edit(
        operator, reverse("admin:programs_hospital_add"), given, "hospital.created",
        lambda: Hospital.objects.filter(code="H44160200099").count(),
    )


def hospital_changed(world: World, operator: User) -> Edit:
    kept = actions.create_hospital(
        Hospital(code="H44160200098", name="旧名医院(示例)", region_code="441602"), by="system:test", at=timezone.now()
    )
    address = reverse("admin:programs_hospital_change", args=[kept.pk])
    return Edit(
        operator, address, {**form_of(operator, address), "name": "改名医院(示例)"}, "hospital.changed",
        lambda: Hospital.objects.get(pk=kept.pk).name,
    )


def holiday_added(world: World, operator: User) -> Edit:
    given = {"day": "2031-10-01", "kind": "off", "name": "国庆节", "source": "通知"}
    return Edit(
        operator, reverse("admin:claims_holiday_add"), given, "holiday.created",
        lambda: Holiday.objects.filter(day="2031-10-01").count(),
    )


def holiday_changed(world: World, operator: User) -> Edit:
    kept = create_holiday(
        Holiday(day=date(2031, 10, 2), kind="off", name="国庆节", source="通知"), by="system:test", at=timezone.now()
    )
    address = reverse("admin:claims_holiday_change", args=[kept.pk])
    return Edit(
        operator, address, {**form_of(operator, address), "kind": "ordinary"}, "holiday.changed",
        lambda: Holiday.objects.get(pk=kept.pk).kind,
    )


def code_added(world: World, operator: User) -> Edit:
    given = {"system": "diagnosis", "code": "I10.x00", "name": "高血压", "group": "IX", "valid_from": "", "valid_to": ""}
    return Edit(
        operator, reverse("admin:programs_code_add"), given, "code.created",
        lambda: Code.objects.filter(code="I10.x00", organization=None).count(),
    )


def code_changed(world: World, operator: User) -> Edit:
    kept = actions.create_code(Code(system="drug", code="X1", name="旧名"), by="system:test", at=timezone.now())
    address = reverse("admin:programs_code_change", args=[kept.pk])
    return Edit(
        operator, address, {**form_of(operator, address), "name": "新名"}, "code.changed", lambda: Code.objects.get(pk=kept.pk).name
    )


def drafted(world: World) -> Plan:
    return actions.copy_plan(world.plan, by=world.finance_maker, at=timezone.now())


def form_of(user: User, address: str) -> dict[str, str]:
    """What the page's own form would send unchanged, its inline rows included."""
    context = browser(user).get(address).context
    given: dict[str, str] = {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                given[field.html_name] = "on" if value is True else str(value)
    return given


def plan_changed(world: World, operator: User) -> Edit:
    plan = drafted(world)
    address = reverse("admin:programs_plan_change", args=[plan.pk])
    return Edit(
        world.finance_maker, address, {**form_of(world.finance_maker, address), "name": "改了名的方案"}, "plan.changed",
        lambda: Plan.objects.get(pk=plan.pk).name,
    )


def scheme_changed(world: World, operator: User) -> Edit:
    scheme = drafted(world).schemes.get()
    address = reverse("admin:programs_fundingscheme_change", args=[scheme.pk])
    return Edit(
        world.finance_maker, address, {**form_of(world.finance_maker, address), "name": "改了名的出资"}, "plan.changed",
        lambda: FundingScheme.objects.get(pk=scheme.pk).name,
    )


#: (model, what may be done) -> a sample edit. A page that lets people do more fails until it has one.
EDITS: dict[tuple[str, str], Callable[[World, User], Edit]] = {
    ("programs.category", "add"): category_added,
    ("programs.category", "change"): category_changed,
    ("programs.hospital", "add"): hospital_added,
    ("programs.hospital", "change"): hospital_changed,
    ("claims.holiday", "add"): holiday_added,
    ("claims.holiday", "change"): holiday_changed,
    ("programs.code", "add"): code_added,
    ("programs.code", "change"): code_changed,
    ("programs.plan", "change"): plan_changed,
    ("programs.fundingscheme", "change"): scheme_changed,
}


@pytest.fixture
def world(settings: Any) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return make_world()


@pytest.fixture
def operator(world: World) -> User:
    return make_user(organization=make_organization(kind="operator"), role=Role.SYSTEM_ADMIN)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def doable(users: list[User], registry: dict[type[models.Model], Any]) -> set[tuple[str, str]]:
    """What pages let at least one of these people do beyond looking."""
    found = set()
    for user in users:
        request = RequestFactory().get("/")
        request.user = user
        for model, page in registry.items():
            for verb in ("add", "change", "delete"):
                if getattr(page, f"has_{verb}_permission")(request):
                    found.add((model._meta.label_lower, verb))
    return found


def one_of_each_role() -> list[User]:
    """Every role, held where it reaches everything: where the portal is operated."""
    home = make_organization(kind="operator")
    return [make_user(organization=home, role=role) for role in Role.values]


def test_each_page_that_lets_people_edit_has_a_sample_edit_here(world: World) -> None:
    assert doable(one_of_each_role(), admin.site._registry) == set(EDITS)


def test_a_page_that_nobody_thought_of_is_found(world: World) -> None:
    class Free(admin.ModelAdmin):
        """A page without any rule of ours."""

        def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
            """Anybody."""
            return True

    site = admin.AdminSite()
    assert ("programs.category", "delete") in doable(one_of_each_role(), {Category: Free(Category, site)})


@pytest.mark.parametrize("what", sorted(EDITS))
def test_an_edit_writes_one_event_of_whoever_did_it(world: World, operator: User, what: tuple[str, str]) -> None:
    edit = EDITS[what](world, operator)
    before, last = edit.changed(), Event.objects.order_by("pk").values_list("pk", flat=True).last()
    page = browser(edit.by).post(edit.address, edit.given)
    assert page.status_code == 302, page.context["errors"]
    assert edit.changed() != before
    told = Event.objects.filter(pk__gt=last).exclude(verb__startswith="user.").exclude(verb="job.queued")
    assert list(told.values_list("verb", "actor_id")) == [(edit.verb, edit.by.pk)]


@pytest.mark.parametrize("what", sorted(EDITS))
def test_an_edit_whose_event_fails_is_not_made(world: World, operator: User, what: tuple[str, str]) -> None:
    edit = EDITS[what](world, operator)
    client = browser(edit.by)
    client.raise_request_exception = False
    before, events = edit.changed(), Event.objects.filter(verb=edit.verb).count()
    with fault_at("audit.record.after"):
        assert client.post(edit.address, edit.given).status_code == 500
    assert (edit.changed(), Event.objects.filter(verb=edit.verb).count()) == (before, events)
