"""Roles: one duty per person held by the database, expiry, and the end of sessions."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.actions import close_organization, end_membership, grant_membership
from accounts.errors import AccountsRefused
from accounts.models import Membership, Organization, User
from accounts.roles import DUTY_OF_ROLE, PERMISSIONS, Role
from accounts.testing import make_organization, make_region_tree, make_user

CONFLICTS = [
    ("clerk", "reviewer"),
    ("finance_maker", "finance_checker"),
    ("clerk", "finance_checker"),
    ("system_admin", "security_admin"),
    ("security_admin", "auditor"),
    ("system_admin", "auditor"),
    ("auditor", "clerk"),
    ("reviewer", "system_admin"),
]


def _insert(user: User, organization: Organization, role: str) -> Membership:
    """A row written past the actions."""
    return Membership.objects.create(
        user=user, organization=organization, role=role, duty=DUTY_OF_ROLE[role], region_prefix=""
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second"), CONFLICTS)
def test_a_second_duty_is_refused_by_action_and_by_database(
    first: str, second: str, office: Organization, at: datetime
) -> None:
    user = make_user(role=first, organization=office)
    with pytest.raises(AccountsRefused) as refused:
        grant_membership(user, role=second, organization=office, by="system:test", at=at)
    assert refused.value.code == "DUTY_CONFLICT"
    with pytest.raises(IntegrityError, match="membership_one_duty_per_person"), transaction.atomic():
        _insert(user, office, second)
    assert list(user.memberships.values_list("role", flat=True)) == [first]


@pytest.mark.django_db
def test_two_roles_of_one_duty_are_granted(office: Organization, at: datetime) -> None:
    user = make_user(role="clerk", organization=office)
    grant_membership(user, role="finance_maker", organization=office, by="system:test", at=at)
    user = User.objects.get(pk=user.pk)
    assert user.roles() == {"clerk", "finance_maker"}


@pytest.mark.django_db
def test_the_database_refuses_a_live_membership_without_its_duty(office: Organization) -> None:
    user = make_user(organization=office)
    for duty in (None, "checking"):
        with (
            pytest.raises(IntegrityError, match="membership_duty_is_role_duty_until_ended"),
            transaction.atomic(),
        ):
            Membership.objects.create(user=user, organization=office, role="clerk", duty=duty)


@pytest.mark.django_db
def test_the_database_refuses_changing_the_duty_under_a_live_membership(office: Organization) -> None:
    user = make_user(role="clerk", organization=office)
    with pytest.raises(IntegrityError, match="membership_one_duty_per_person"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(duty="checking")


@pytest.mark.django_db(transaction=True)
def test_two_connections_cannot_give_one_person_two_duties() -> None:
    make_region_tree()
    office = make_organization(region="441602")
    user = make_user(organization=office)
    start, outcomes = threading.Barrier(2), []

    def grant(role: str) -> None:
        try:
            start.wait(10)
            grant_membership(user, role=role, organization=office, by="system:test", at=timezone.now())
            outcomes.append("granted")
        except AccountsRefused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=grant, args=(role,)) for role in ("clerk", "reviewer")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["DUTY_CONFLICT", "granted"]
    assert Membership.objects.filter(user=user, ended_at__isnull=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_connections_past_the_actions_cannot_either() -> None:
    office = make_organization()
    user = make_user(organization=office)
    User.objects.filter(pk=user.pk).update(duty="making")
    start, outcomes = threading.Barrier(2), []

    def insert(role: str) -> None:
        try:
            start.wait(10)
            with transaction.atomic():
                User.objects.filter(pk=user.pk).update(duty=DUTY_OF_ROLE[role])
                _insert(user, office, role)
            outcomes.append("inserted")
        except IntegrityError as error:
            outcomes.append(error.__cause__.diag.constraint_name)
        finally:
            connection.close()

    threads = [threading.Thread(target=insert, args=(role,)) for role in ("clerk", "reviewer")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["inserted", "membership_one_duty_per_person"]


@pytest.mark.django_db
def test_an_ended_membership_frees_the_person_for_another_duty(office: Organization, at: datetime) -> None:
    user = make_user(role="clerk", organization=office)
    ended = end_membership(user.memberships.get(), by="system:test", at=timezone.now())
    assert ended.duty is None
    grant_membership(user, role="reviewer", organization=office, by="system:test", at=timezone.now())
    user = User.objects.get(pk=user.pk)
    assert (user.duty, user.roles()) == ("checking", {"reviewer"})
    with pytest.raises(AccountsRefused) as refused:
        end_membership(ended, by="system:test", at=timezone.now())
    assert refused.value.code == "ALREADY_ENDED"


@pytest.mark.django_db
def test_a_grant_expires_on_its_day_and_another_duty_may_follow(office: Organization, at: datetime) -> None:
    long_ago = at - timedelta(days=40)
    today = timezone.localdate(at)
    user = make_user(role="clerk", organization=office, expires_on=today, at=long_ago)
    assert user.grants() == []
    assert not user.has_perm("accounts.view_region")
    grant_membership(user, role="reviewer", organization=office, by="system:test", at=at)
    assert sorted(user.memberships.values_list("role", "duty", "ended_at")) == [
        ("clerk", None, at),
        ("reviewer", "checking", None),
    ]


@pytest.mark.django_db
def test_a_grant_holds_until_the_day_before_it_expires(office: Organization, at: datetime) -> None:
    tomorrow = timezone.localdate(at) + timedelta(days=1)
    user = make_user(role="clerk", organization=office, expires_on=tomorrow, at=at)
    assert [grant.role for grant in user.grants()] == ["clerk"]
    assert user.has_perm("accounts.view_region")


@pytest.mark.django_db
def test_an_expiry_that_is_not_in_the_future_is_refused(office: Organization, at: datetime) -> None:
    user = make_user(organization=office)
    with pytest.raises(AccountsRefused) as refused:
        grant_membership(
            user, role="clerk", organization=office, expires_on=timezone.localdate(at), by="system:test", at=at
        )
    assert refused.value.code == "EXPIRY_PAST"
    with pytest.raises(IntegrityError, match="membership_expires_after_grant"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(duty="making")
        Membership.objects.create(
            user=user, organization=office, role="clerk", duty="making", expires_on=timezone.localdate(at)
        )


@pytest.mark.django_db
def test_one_role_is_held_once_in_one_place(office: Organization, at: datetime) -> None:
    user = make_user(role="clerk", organization=office, region_prefix="441602")
    with pytest.raises(AccountsRefused) as refused:
        grant_membership(user, role="clerk", organization=office, by="system:test", at=at)
    assert refused.value.code == "ALREADY_GRANTED"
    with pytest.raises(IntegrityError, match="membership_live_once"), transaction.atomic():
        Membership.objects.create(
            user=user, organization=office, role="clerk", duty="making", region_prefix="441602"
        )


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["4", "441", "44160", "4416021", "44-6", "４４", "44160200100"])
def test_the_database_refuses_a_region_prefix_that_is_no_code(prefix: str, office: Organization) -> None:
    user = make_user(organization=office)
    User.objects.filter(pk=user.pk).update(duty="making")
    with pytest.raises(IntegrityError, match="membership_region_prefix_is_code"), transaction.atomic():
        Membership.objects.create(
            user=user, organization=office, role="clerk", duty="making", region_prefix=prefix
        )


@pytest.mark.django_db
def test_a_region_outside_the_organization_is_refused(office: Organization, at: datetime) -> None:
    user = make_user(organization=office)
    for prefix, code in (("4416", "REGION_OUTSIDE"), ("441621", "REGION_OUTSIDE"), ("441699", "REGION_UNKNOWN")):
        with pytest.raises(AccountsRefused) as refused:
            grant_membership(
                user, role="clerk", organization=office, region_prefix=prefix, by="system:test", at=at
            )
        assert refused.value.code == code
    assert user.memberships.count() == 0


@pytest.mark.django_db
def test_nobody_grants_to_oneself_not_even_past_the_action(office: Organization, at: datetime) -> None:
    admin = make_user(role="security_admin", organization=office)
    with pytest.raises(AccountsRefused) as refused:
        grant_membership(admin, role="security_admin", organization=office, by=admin, at=at)
    assert refused.value.code == "OWN_GRANT"
    with pytest.raises(AccountsRefused) as refused:
        end_membership(admin.memberships.get(), by=admin, at=at)
    assert refused.value.code == "OWN_GRANT"
    with pytest.raises(IntegrityError, match="membership_not_granted_to_oneself"), transaction.atomic():
        Membership.objects.filter(user=admin).update(granted_by=admin)


@pytest.mark.django_db
def test_a_security_administrator_grants_only_within_the_own_place(regions: object, at: datetime) -> None:
    city = make_organization(region="4416")
    county, foreign = make_organization(parent=city, region="441602"), make_organization(region="441602")
    admin = make_user(role="security_admin", organization=city)
    user = make_user(organization=county)
    grant_membership(user, role="clerk", organization=county, by=admin, at=at)
    with pytest.raises(AccountsRefused) as refused:
        grant_membership(user, role="clerk", organization=foreign, by=admin, at=at)
    assert refused.value.code == "OUT_OF_SCOPE"


@pytest.mark.django_db
def test_a_changed_role_raises_the_session_version(office: Organization, at: datetime) -> None:
    user = make_user(role="clerk", organization=office)
    before = user.session_version
    grant_membership(user, role="finance_maker", organization=office, by="system:test", at=at)
    user.refresh_from_db()
    assert user.session_version == before + 1
    end_membership(user.memberships.get(role="clerk"), by="system:test", at=timezone.now())
    user.refresh_from_db()
    assert user.session_version == before + 2


@pytest.mark.django_db
def test_a_closed_organization_gives_no_right(office: Organization, at: datetime) -> None:
    user = make_user(role="clerk", organization=office)
    close_organization(office, by="system:test", at=at)
    assert User.objects.get(pk=user.pk).grants() == []


@pytest.mark.django_db
def test_a_membership_limited_to_programs_gives_those_and_an_unlimited_one_all(office: Organization) -> None:
    limited = make_user(role="clerk", organization=office, program_ids=[7, 5, 7])
    assert sorted(limited.memberships.get().programs.values_list("program_id", flat=True)) == [5, 7]
    assert [grant.program_ids for grant in limited.grants()] == [frozenset({5, 7})]
    none = make_user(role="clerk", organization=office, program_ids=[])
    assert [grant.program_ids for grant in none.grants()] == [frozenset()]
    every = make_user(role="clerk", organization=office)
    assert [grant.program_ids for grant in every.grants()] == [None]


def test_business_roles_see_no_user_administration() -> None:
    words = ("user", "membership", "organization", "axes")
    for role in (Role.CLERK, Role.REVIEWER, Role.FINANCE_MAKER, Role.FINANCE_CHECKER):
        seen = [p for p in PERMISSIONS[role] if p.startswith(("accounts.", "axes.")) and any(w in p for w in words)]
        assert seen == []


def test_no_role_both_makes_users_and_grants_roles() -> None:
    for role in Role.values:
        assert not {"accounts.add_user", "accounts.grant_membership"} <= PERMISSIONS[role]
