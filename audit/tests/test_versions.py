"""What history shows people: changed fields in words, masked, by whom; whichever way a table keeps its versions."""

from __future__ import annotations

from typing import Any

import pghistory
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, Region, User
from accounts.testing import make_organization, make_user
from audit import events
from audit.fields import SealedTextField
from audit.tests.conftest import Places
from audit.versions import shown_fields, versions
from beneficiaries.models import Beneficiary, Person
from beneficiaries.testing import World, make_world, people, uploaded
from jobs.testing import drain

pytestmark = pytest.mark.django_db


def changes(rows: Any) -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [(row.what, [(one.label, one.before, one.after) for one in row.changes]) for row in rows]


def test_each_version_names_what_changed_in_words_by_whom(places: Places) -> None:
    reader = make_user("reader", organization=places.city, role="system_admin", display_name="系统管理员甲")
    user = make_user("moved", organization=places.own, display_name="旧名")
    User.objects.filter(pk=user.pk).update(organization=places.sibling)
    with transaction.atomic(), pghistory.context(user=reader.pk):
        User.objects.filter(pk=user.pk).update(display_name="新名", must_change_password=True)
    user.refresh_from_db()
    found = versions(user, to=reader)
    assert changes(found.rows)[:2] == [
        ("修改", [("姓名", "旧名", "新名"), ("须修改密码", "否", "是")]),
        ("修改", [("机构", "源城区民政局", "紫金县民政局")]),
    ]
    assert changes(found.rows)[-1] == ("录入", [])
    assert [row.who for row in found.rows][:2] == ["系统管理员甲", "系统"]
    assert found.before is None


@pytest.fixture
def world() -> World:
    return make_world()


def applied(world: World, rows: list[list[str]]) -> None:
    from beneficiaries.actions import approve_roster, submit_roster
    from beneficiaries.models import Roster

    uploaded(world, rows)
    drain()
    roster = submit_roster(Roster.objects.latest("pk"), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()


def test_sealed_values_are_compared_in_the_clear_and_shown_as_masks(world: World) -> None:
    applied(world, people(1, phone="13800138000"))
    known = Beneficiary.objects.get()
    field: Any = Beneficiary._meta.get_field("phone")
    assert isinstance(field, SealedTextField)
    # Sealed anew, the same number says nothing new; another number does.
    Beneficiary.objects.filter(pk=known.pk).update(phone=field.seal("13800138000"))
    Beneficiary.objects.filter(pk=known.pk).update(phone=field.seal("13900139111"), bank_name="示例银行")
    known.refresh_from_db()
    assert changes(versions(known, to=world.clerk).rows) == [
        ("修改", [("联系电话", "138****8000", "139****9111"), ("开户银行", "中国农业银行", "示例银行")]),
    ]


def test_pages_of_versions_join_without_a_gap_or_a_double(world: World) -> None:
    applied(world, people(1))
    known = Beneficiary.objects.get()
    for number in range(7):
        Beneficiary.objects.filter(pk=known.pk).update(bank_name=f"银行{number}")
    known.refresh_from_db()
    seen, before = [], None
    for _page in range(10):
        page = versions(known, to=world.clerk, before=before, limit=3)
        seen += [(one.before, one.after) for row in page.rows for one in row.changes]
        before = page.before
        if before is None:
            break
    names = ["中国农业银行", *(f"银行{number}" for number in range(7))]
    assert seen == [(names[at], names[at + 1]) for at in reversed(range(7))]
    Organization.objects.filter(pk=world.office.pk).update(name="一")
    Organization.objects.filter(pk=world.office.pk).update(name="二")
    world.office.refresh_from_db()
    first = versions(world.office, to=world.clerk, limit=1)
    second = versions(world.office, to=world.clerk, before=first.before, limit=1)
    assert [(one.before, one.after) for page in (first, second) for row in page.rows for one in row.changes] == [
        ("一", "二"), ("源城区民政局HY", "一"),
    ]


def test_who_changed_what_several_offices_share_is_told_within_reach_only(world: World) -> None:
    applied(world, people(1))
    person = Person.objects.get()
    stranger = make_user("stranger", organization=make_organization("外市民政局", region="4417"), role="clerk", display_name="外人")
    for sex, user in (("female", world.clerk), ("male", stranger)):
        with transaction.atomic(), pghistory.context(user=user.pk):
            Person.objects.filter(pk=person.pk).update(sex=sex)
    person.refresh_from_db()
    assert [row.who for row in versions(person, to=world.clerk).rows][:2] == ["其他机构", world.clerk.display_name]


def test_reference_data_does_not_name_users_of_other_offices(places: Places) -> None:
    reader = make_user("reader", organization=places.own, role="clerk")
    stranger = make_user("stranger", organization=places.foreign, role="system_admin", display_name="外人")
    with transaction.atomic(), pghistory.context(user=stranger.pk):
        Region.objects.filter(pk="441602").update(name="源城新区")
    assert versions(Region.objects.get(pk="441602"), to=reader).rows[0].who == "其他机构"
    assert versions(Region.objects.get(pk="441602"), to=stranger).rows[0].who == "外人"


def test_a_related_row_out_of_reach_is_a_number_not_a_name(places: Places) -> None:
    reader = make_user("reader", organization=places.own, role="clerk")
    user = make_user("moved", organization=places.own)
    User.objects.filter(pk=user.pk).update(organization=places.foreign)
    user.refresh_from_db()
    [one] = versions(user, to=reader).rows[0].changes
    assert (one.before, one.after) == ("源城区民政局", f"#{places.foreign.pk}")


def test_the_machines_own_columns_are_not_shown() -> None:
    names = {field.name for field in shown_fields(Person)}
    assert {"name", "document", "birth_on", "sex"} <= names
    assert not names & {"id", "identity_index_a", "name_index_a"}
    assert "contact_digest" not in {field.name for field in shown_fields(Beneficiary)}


def test_questions_do_not_grow_with_versions(places: Places) -> None:
    reader = make_user("reader", organization=places.city, role="system_admin")
    user = make_user("moved", organization=places.own)

    def asked() -> int:
        user.refresh_from_db()
        with CaptureQueriesContext(connection) as queries:
            versions(user, to=reader)
        return len(queries)

    def move(times: int) -> None:
        for number in range(times):
            with transaction.atomic(), pghistory.context(user=reader.pk):
                User.objects.filter(pk=user.pk).update(organization=(places.sibling, places.own)[number % 2])

    move(2)
    few = asked()
    move(12)
    # The page with its contexts, the users, the organizations; the reader's grants were read before.
    assert (few, asked()) == (4, 3)


# -- On the pages ------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(settings: Any) -> Client:
    settings.SECOND_FACTOR_REQUIRED = False
    return Client()


def test_a_page_shows_its_past_and_the_rest_behind_a_link(client: Client, places: Places) -> None:
    admin = make_user("admin", organization=places.city, role="system_admin", display_name="系统管理员甲")
    client.force_login(admin, backend="accounts.backends.RoleBackend")
    for number in range(12):
        events.record("organization.changed", places.own, by=admin, at=timezone.now(), organization=places.own)
        Organization.objects.filter(pk=places.own.pk).update(short_name=f"简称{number}")
    text = client.get(reverse("admin:accounts_organization_change", args=[places.own.pk])).content.decode()
    assert text.count("机构信息已更正") == 10
    assert "系统管理员甲" in text
    assert "简称11" in text and "简称0<" not in text
    whole = reverse("admin:accounts_organization_history", args=[places.own.pk])
    assert whole in text
    page = client.get(whole)
    assert len(page.context["timeline"].entries) == 13
    first = client.get(f"{whole}?before={page.context['timeline'].entries[5].pk}")
    assert [each.pk for each in first.context["timeline"].entries] == [each.pk for each in page.context["timeline"].entries[6:]]


@pytest.mark.parametrize("query", ["before=x", "v0=-1", "before=9" + "9" * 30, "v0=\x00"])
def test_an_address_that_nobody_wrote_shows_the_first_page(client: Client, places: Places, query: str) -> None:
    client.force_login(make_user("admin", organization=places.city, role="system_admin"), backend="accounts.backends.RoleBackend")
    address = reverse("admin:accounts_organization_history", args=[places.own.pk])
    assert client.get(f"{address}?{query}").status_code == 200


def test_the_page_of_a_person_tells_only_what_is_within_reach(client: Client, world: World) -> None:
    applied(world, people(1))
    person = Person.objects.get()
    events.record("personal_data.revealed", person, by=world.clerk, at=timezone.now(), organization=world.office,
                  region_code=world.office.region_code, data={"minutes": 15})
    stranger = make_user("stranger", organization=make_organization("外市民政局", region="4417"), role="clerk", display_name="外人")
    events.record("personal_data.revealed", person, by=stranger, at=timezone.now(), organization=stranger.organization,
                  region_code="4417", data={"minutes": 15})
    known = Beneficiary.objects.get()
    Beneficiary.objects.filter(pk=known.pk).update(bank_name="示例银行")
    client.force_login(world.clerk, backend="accounts.backends.RoleBackend")
    for name in ("change", "history"):
        text = client.get(reverse(f"admin:beneficiaries_person_{name}", args=[person.pk])).content.decode()
        assert "查看个人信息明文" in text and "外人" not in text
        assert "示例银行" in text
    assert isinstance(stranger, User)
