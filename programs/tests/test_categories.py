"""Hardship categories: every change is an event in the change's own transaction, on the page too."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_organization, make_user
from audit import events
from audit.models import Event
from audit.testing import sweep
from programs.actions import change_category, create_category
from programs.errors import ProgramRefused
from programs.models import Category
from programs.reference import CATEGORIES, make_categories

pytestmark = pytest.mark.django_db

NEW = {"name": "困境儿童", "synonyms": ["困境"], "position": 12, "active": True}


@pytest.fixture
def operator(settings: Any) -> User:
    settings.SECOND_FACTOR_REQUIRED = False
    return make_user(organization=make_organization(kind="operator"), role=Role.SYSTEM_ADMIN)


def told() -> list[tuple[str, dict[str, Any]]]:
    return list(Event.objects.filter(subject_type="programs.category").order_by("pk").values_list("verb", "data"))


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def test_a_new_category_and_its_change_are_told_in_words(operator: User) -> None:
    made = create_category("kunjing", by=operator, at=timezone.now(), **NEW)
    changed = change_category(made, by=operator, at=timezone.now(), **{**NEW, "name": "困境儿童(含留守)", "position": 11})
    assert (changed.name, changed.position, changed.synonyms, changed.active) == ("困境儿童(含留守)", 11, ["困境"], True)
    assert told() == [
        ("category.created", {"code": "kunjing", "name": "困境儿童"}),
        ("category.changed", {"code": "kunjing", "name": "困境儿童(含留守)", "fields": ["name", "position"]}),
    ]
    with override("zh-hans"):
        said = [events.sentence(event) for event in Event.objects.filter(subject_type="programs.category").order_by("pk")]
    assert said == ["新增困难类别：困境儿童。", "困难类别已修改：名称、排序。"]


def test_a_change_that_changes_nothing_is_no_event(operator: User) -> None:
    made = create_category("kunjing", by=operator, at=timezone.now(), **NEW)
    change_category(made, by=operator, at=timezone.now(), **NEW)
    assert [verb for verb, _data in told()] == ["category.created"]


@pytest.mark.parametrize(("code", "name", "refusal"), [("tekun", "别的", "CODE_TAKEN"), ("biede", "特困人员", "NAME_TAKEN")])
def test_a_code_and_a_name_stand_for_one_category(operator: User, code: str, name: str, refusal: str) -> None:
    make_categories(at=timezone.now())
    before = told()
    with pytest.raises(ProgramRefused) as refused:
        create_category(code, by=operator, at=timezone.now(), **{**NEW, "name": name})
    assert refused.value.code == refusal
    assert (told(), Category.objects.count()) == (before, len(CATEGORIES) + 1)


def test_an_office_changes_no_category_that_all_offices_share(operator: User) -> None:
    made = create_category("kunjing", by=operator, at=timezone.now(), **NEW)
    office = make_user(organization=make_organization(region="441602"), role=Role.SYSTEM_ADMIN)
    for act in (
        lambda: create_category("biede", by=office, at=timezone.now(), **{**NEW, "name": "别的"}),
        lambda: change_category(made, by=office, at=timezone.now(), **{**NEW, "name": "别的"}),
    ):
        with pytest.raises(ProgramRefused) as refused:
            act()
        assert refused.value.code == "OUT_OF_SCOPE"
    assert list(Category.objects.values_list("code", "name")) == [("kunjing", "困境儿童")]


def test_the_pages_write_the_events_of_whoever_uses_them(operator: User) -> None:
    client = browser(operator)
    page = client.post(
        reverse("admin:programs_category_add"),
        {"code": "kunjing", "name": "困境儿童", "synonyms": "困境,留守", "position": "12", "active": "on"},
    )
    made = Category.objects.get(code="kunjing")
    assert (page.status_code, made.synonyms, made.position, made.active) == (302, ["困境", "留守"], 12, True)
    address = reverse("admin:programs_category_change", args=[made.pk])
    assert client.post(address, {"name": "困境儿童", "synonyms": "困境", "position": "12"}).status_code == 302
    made.refresh_from_db()
    assert (made.code, made.synonyms, made.active) == ("kunjing", ["困境"], False)
    assert told() == [
        ("category.created", {"code": "kunjing", "name": "困境儿童"}),
        ("category.changed", {"code": "kunjing", "name": "困境儿童", "fields": ["active", "synonyms"]}),
    ]
    assert set(Event.objects.filter(subject_type="programs.category").values_list("actor_id", flat=True)) == {operator.pk}
    assert "困难类别已修改" in client.get(address, headers={"accept-language": "zh-hans"}).content.decode()


def test_a_name_in_use_is_said_at_its_field_and_nothing_is_written(operator: User) -> None:
    make_categories(at=timezone.now())
    before = told()
    first = Category.objects.get(code="tekun")
    page = browser(operator).post(
        reverse("admin:programs_category_change", args=[first.pk]), {"name": "孤儿", "synonyms": "", "position": "1"}
    )
    assert (page.status_code, told()) == (200, before)


@pytest.mark.django_db(transaction=True)
def test_a_fault_leaves_the_change_with_its_event_or_neither() -> None:
    made = create_category("kunjing", by="system:test", at=timezone.now(), **NEW)

    def nothing(k: int) -> None:
        made.refresh_from_db()
        assert (made.name, len(told())) == ("困境儿童", 1), k

    run = lambda: change_category(made, by="system:test", at=timezone.now(), **{**NEW, "name": "别的"})  # noqa: E731
    assert sweep(run, check=nothing) == 4
    made.refresh_from_db()
    assert (made.name, len(told())) == ("别的", 2)


def test_the_fields_own_words_are_added_once_and_an_administrators_stay(operator: User) -> None:
    made = make_categories(at=timezone.now())
    change_category(made["tekun"], by=operator, at=timezone.now(), name="特困供养", synonyms=[], position=1, active=True)
    again = make_categories(at=timezone.now())
    assert (again["tekun"].name, len(again), len(told())) == ("特困供养", len(CATEGORIES) + 1, len(CATEGORIES) + 2)
