"""The one door: which rows which grants reach, case by case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from accounts.actions import close_organization, deactivate_user, end_membership, grant_membership
from accounts.models import Membership, Organization, Region, User
from accounts.offices import offices_named
from accounts.testing import make_organization, make_user
from audit import events
from audit.models import DataKey, Event, Reveal, Seal, UnsealedEvent
from audit.scope import Grant, Scope
from audit.tests.conftest import Places
from beneficiaries.models import Beneficiary, Person
from programs.models import Program

pytestmark = pytest.mark.django_db


def seen(user: Any, permission: str | None = None) -> set[str]:
    return set(Organization.objects.visible_to(user, permission).values_list("name", flat=True))


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_an_office_sees_itself_and_what_is_below(places: Places) -> None:
    assert seen(make_user(organization=places.city, role="auditor")) == {
        "河源市民政局", "源城区民政局", "紫金县民政局",
    }
    assert seen(make_user(organization=places.own, role="auditor")) == {"源城区民政局"}


def test_a_path_that_begins_alike_is_another_office(places: Places) -> None:
    alike = Organization.objects.get(pk=places.foreign.pk)
    assert Scope(organization_path="path").condition(
        Organization, [Grant("auditor", alike.path.rstrip("/") + "9/")], None, None  # type: ignore[arg-type]
    ) == Q(path__startswith=f"/{alike.pk}9/")


def test_a_region_prefix_narrows(places: Places) -> None:
    user = make_user(organization=places.city, role="auditor", region_prefix="441621")
    assert seen(user) == {"紫金县民政局"}


def test_a_model_that_knows_no_region_shows_nothing_to_a_grant_of_one_region() -> None:
    narrow = Grant("clerk", "/1/", region_prefix="4416")
    assert Scope(organization_path="path").condition(Organization, [narrow], None, None) is None  # type: ignore[arg-type]


def test_grants_add_up(places: Places) -> None:
    user = make_user(organization=places.own, role="clerk")
    grant_membership(user, role="finance_maker", organization=places.foreign, by="system:test", at=timezone.now())
    assert seen(fresh(user)) == {"源城区民政局", "阳江市民政局"}


def test_with_a_permission_only_the_roles_that_give_it_count(places: Places) -> None:
    user = make_user(organization=places.own, role="clerk")
    grant_membership(user, role="finance_maker", organization=places.foreign, by="system:test", at=timezone.now())
    assert seen(fresh(user), "programs.propose_budget") == {"阳江市民政局"}
    assert seen(fresh(user), "beneficiaries.upload_roster") == {"源城区民政局"}
    assert seen(fresh(user), "accounts.reset_password") == set()


def test_an_ended_an_expired_and_a_closed_place_give_nothing(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    ended = make_user(organization=places.own, role="auditor")
    end_membership(Membership.objects.get(user=ended), by="system:test", at=now)
    expiring = make_user(organization=places.own, role="auditor", expires_on=timezone.localdate() + timedelta(days=1))
    assert (seen(fresh(ended)), seen(fresh(expiring))) == (set(), {"源城区民政局"})
    tomorrow = timezone.localdate() + timedelta(days=1)
    monkeypatch.setattr("accounts.models.user.timezone.localdate", lambda: tomorrow)
    assert seen(fresh(expiring)) == set()
    monkeypatch.undo()
    close_organization(places.own, by="system:test", at=now)
    assert seen(fresh(expiring)) == set()


def test_a_deactivated_user_and_nobody_see_nothing(places: Places) -> None:
    user = make_user(organization=places.own, role="auditor")
    deactivate_user(user, by="system:test", at=timezone.now())
    for nobody in (fresh(user), AnonymousUser(), None, make_user(organization=places.own)):
        assert seen(nobody) == set()
        assert not Region.objects.visible_to(nobody).exists()


def test_a_grant_of_some_programs_sees_rows_of_these_only(places: Places) -> None:
    now = timezone.now()
    for program in (7, 8, None):
        events.record(
            "test.done", places.own, by="system:test", at=now, organization=places.own,
            region_code=places.own.region_code, program_id=program,
        )
    some = make_user(organization=places.own, role="auditor", program_ids=[7])
    none = make_user(organization=places.own, role="auditor", program_ids=[])
    every = make_user(organization=places.own, role="auditor")
    done = Event.objects.filter(verb="test.done")
    assert list(done.visible_to(some).values_list("program_id", flat=True)) == [7]
    assert list(done.visible_to(none)) == []
    assert done.visible_to(every).count() == 3


def test_an_event_of_no_office_is_seen_by_no_office(places: Places) -> None:
    events.record("test.done", places.own, by="system:test", at=timezone.now())
    assert not Event.objects.filter(verb="test.done").visible_to(make_user(organization=places.city, role="auditor"))


@pytest.mark.parametrize("model", [DataKey, Seal, UnsealedEvent])
def test_rows_of_the_portal_itself_are_seen_by_nobody(places: Places, model: Any) -> None:
    events.seal_events(at=timezone.now(), limit=1)
    make_user(phone="13812345678")
    assert model.objects.exists()
    assert not model.objects.visible_to(make_user(organization=places.city, role="auditor")).exists()


def test_shared_rows_are_seen_by_everybody_with_a_role(places: Places) -> None:
    assert Region.objects.visible_to(make_user(organization=places.own, role="clerk")).count() == Region.objects.count()


@pytest.fixture
def known(places: Places, at: Any) -> Person:
    """A person whom our own office and a foreign one know."""
    person = Person.objects.create(
        name="张三", document="E12345678", document_type="passport", created_at=at, identity_index_a=b"1" * 16
    )
    for number, office in enumerate((places.own, places.foreign)):
        program = Program.objects.create(
            code=f"P{number}", name=f"项目{number}", kind="hardship", organization=office, region_code=office.region_code
        )
        Beneficiary.objects.create(
            person=person, program=program, organization=office, region_code=office.region_code, contact_digest=b"",
            created_at=at, updated_at=at,
        )
    return person


def test_a_person_is_seen_through_the_rows_of_offices_and_once(places: Places, known: Person) -> None:
    for office, count in ((places.own, 1), (places.city, 1), (places.foreign, 1), (places.sibling, 0)):
        user = make_user(organization=office, role="clerk")
        assert Person.objects.visible_to(user).filter(pk=known.pk).count() == count
    for office in (places.own, places.foreign):
        user = make_user(organization=office, role="clerk")
        assert list(Beneficiary.objects.visible_to(user).values_list("organization", flat=True)) == [office.pk]


def test_a_permission_limits_what_is_seen_through_others_too(places: Places, known: Person) -> None:
    user = make_user(organization=places.own, role="clerk")
    assert Person.objects.visible_to(user, "beneficiaries.reveal_person").exists()
    assert not Person.objects.visible_to(user, "beneficiaries.approve_roster").exists()


def test_upward_scope_reaches_offices_and_regions_above_and_no_sibling(places: Places) -> None:
    root = make_organization("示例基金会")
    own, sibling = places.own, places.sibling
    scope = Scope(organization_path="path", region="region_code", upward=True)

    def reached(grant: Grant) -> set[str]:
        condition = scope.condition(Organization, [grant], None, None)  # type: ignore[arg-type]
        return set(Organization.objects.filter(condition).values_list("name", flat=True))

    assert reached(Grant("clerk", own.path, region_prefix="441602001")) == {"河源市民政局", "源城区民政局"}
    assert sibling.name not in reached(Grant("clerk", own.path))
    below = make_organization("示例基金会河源办事处", region="4416", parent=root)
    assert reached(Grant("clerk", below.path, region_prefix="4416")) == {"示例基金会", "示例基金会河源办事处"}


def test_an_alternative_that_is_open_to_all_opens_the_row(places: Places) -> None:
    user = make_user(organization=places.own, role="clerk")
    for scope in (
        Scope.any_of(Scope.shared(), Scope(organization_path="path")), Scope.any_of(Scope.nobody(), Scope.shared()),
    ):
        condition = scope.condition(Organization, user.grants(), user, None)
        assert Organization.objects.filter(condition).count() == 4
    closed = Scope.any_of(Scope.nobody(), Scope.nobody()).condition(Organization, user.grants(), user, None)
    assert closed is None


def test_a_reveal_is_seen_by_the_auditor_of_its_place(places: Places, at: Any) -> None:
    Reveal.objects.create(
        user_id=1, actor="x", subject_type="t", subject_id="1", fields=["name"], reason="核对身份", at=at,
        expires_at=at + timedelta(minutes=1), organization_path=places.own.path, region_code=places.own.region_code,
    )
    counts = [
        Reveal.objects.visible_to(make_user(organization=office, role="auditor")).count()
        for office in (places.city, places.own, places.sibling, places.foreign)
    ]
    assert counts == [1, 1, 0, 0]


@pytest.mark.parametrize("beginning", ["44", "4416", "441602", "9", "44%", "44_6", ""])
def test_a_region_that_is_not_guessed_finds_the_rows_that_begin_so(places: Places, beginning: str) -> None:
    plain = Region.objects.filter(code__startswith=beginning)
    unguessed = Region.objects.filter(code__below_unguessed=beginning)
    assert set(unguessed.values_list("pk")) == set(plain.values_list("pk"))
    assert "coalesce(" in str(unguessed.query) and (plain.exists() or beginning in {"9", "44%", "44_6"})


def test_named_offices_open_what_their_paths_open(places: Places, known: Person) -> None:
    found = []
    for office, prefix in (
        (places.city, None), (places.own, None), (places.foreign, None), (places.city, places.sibling.region_code),
    ):
        user = make_user(organization=office, role="clerk", region_prefix=prefix)
        plain = set(Beneficiary.objects.visible_to(user).values_list("organization", flat=True))
        named = Beneficiary.objects.visible_to(user, offices=offices_named(user, None))
        assert set(named.values_list("organization", flat=True)) == plain
        people = Person.objects.visible_to(user, offices=offices_named(user, None))
        assert set(people) == set(Person.objects.visible_to(user))
        found.append(len(plain))
    # Of a city in the sibling's region: nobody.
    assert found == [1, 1, 1, 0]


def test_a_town_of_a_named_office_is_found_by_its_index_and_the_offices_own_county_is_not_guessed(places: Places) -> None:
    for prefix, plain in (("441602", False), ("441602001", True)):
        user = make_user(organization=places.own, role="clerk", region_prefix=prefix)
        asked = str(Beneficiary.objects.visible_to(user, offices=offices_named(user, None)).query)
        assert ("coalesce(" not in asked, f"LIKE {prefix}%" in asked) == (plain, True)


def test_nobody_has_offices_and_many_are_not_named(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    assert offices_named(AnonymousUser(), None) is None
    user = make_user(organization=places.city, role="clerk")
    assert offices_named(user, None) == {places.city.path: sorted([places.city.pk, places.own.pk, places.sibling.pk])}
    monkeypatch.setattr("accounts.offices.NAMED", 2)
    assert offices_named(user, None) is None
