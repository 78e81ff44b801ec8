"""Administrators act within their own place, and someone always remains who can grant roles."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from accounts import actions
from accounts.actions.guards import refuse_without_security
from accounts.errors import AccountsRefused
from accounts.models import Membership, Organization, Region, User
from accounts.roles import Role
from accounts.testing import make_organization, make_region_tree, make_user
from audit.testing import Stepper

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    """Now."""
    return timezone.now()


@pytest.fixture
def city(db: None) -> Organization:
    """A city's office."""
    make_region_tree()
    return make_organization("河源市民政局", region="4416")


@pytest.fixture
def county(city: Organization) -> Organization:
    """An office below it."""
    return make_organization("源城区民政局", region="441602", parent=city)


def refusal(function: object, *given: object, **named: object) -> str:
    with pytest.raises(AccountsRefused) as refused:
        function(*given, **named)  # type: ignore[operator]
    return refused.value.code


@pytest.mark.parametrize(
    ("role", "action"),
    [
        (Role.SYSTEM_ADMIN, actions.reset_password), (Role.SYSTEM_ADMIN, actions.deactivate_user),
        (Role.SECURITY_ADMIN, actions.reset_second_factor),
    ],
)
def test_nobody_takes_over_the_account_of_who_holds_a_role_beyond_their_place(
    role: str, action: object, city: Organization, county: Organization, at: datetime
) -> None:
    admin = make_user(organization=county, role=role)
    colleague = make_user(organization=county, role=Role.REVIEWER)
    actions.grant_membership(colleague, role=Role.REVIEWER, organization=city, by="system:test", at=at)
    before = User.objects.filter(pk=colleague.pk).values().get()
    assert refusal(action, colleague, by=admin, at=at) == "BEYOND_REACH"
    assert User.objects.filter(pk=colleague.pk).values().get() == before
    # The city's own administrator may; of the two refusals only the reach has gone.
    above = make_user(organization=city, role=role)
    if action is actions.reset_second_factor:
        assert refusal(action, colleague, by=above, at=at) == "NO_SECOND_FACTOR"
    else:
        action(colleague, by=above, at=at)  # type: ignore[operator]


def test_a_security_administrator_of_some_programs_grants_these_and_never_all(county: Organization, at: datetime) -> None:
    admin = make_user(organization=county, role=Role.SECURITY_ADMIN, program_ids=[7, 8])
    colleague = make_user(organization=county)
    granted = {"role": Role.CLERK, "organization": county, "by": admin, "at": at}
    assert refusal(actions.grant_membership, colleague, **granted) == "OUT_OF_SCOPE"
    assert refusal(actions.grant_membership, colleague, **granted, program_ids=[7, 9]) == "OUT_OF_SCOPE"
    assert not colleague.memberships.exists()
    actions.grant_membership(colleague, **granted, program_ids=[7])
    assert [grant.program_ids for grant in colleague.grants()] == [{7}]


def test_the_last_lasting_security_administrator_cannot_be_taken_away(city: Organization, at: datetime) -> None:
    last = make_user(organization=city, role=Role.SECURITY_ADMIN)
    # One whose role runs out, and one whose account is closed, do not count.
    make_user(organization=city, role=Role.SECURITY_ADMIN, expires_on=timezone.localdate(at) + timedelta(days=3))
    closed = make_user(organization=city, role=Role.SECURITY_ADMIN)
    actions.deactivate_user(closed, by="system:test", at=at)
    membership = Membership.objects.get(user=last)
    system = make_user(organization=city, role=Role.SYSTEM_ADMIN)
    assert refusal(actions.end_membership, membership, by="system:test", at=at) == "LAST_SECURITY_ADMIN"
    assert refusal(actions.deactivate_user, last, by=system, at=at) == "LAST_SECURITY_ADMIN"
    assert refusal(actions.close_organization, city, by=system, at=at) == "LAST_SECURITY_ADMIN"
    assert User.objects.get(pk=last.pk).grants("accounts.grant_membership") != []
    make_user(organization=make_organization(), role=Role.SECURITY_ADMIN)
    assert actions.end_membership(membership, by="system:test", at=at).ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_connections_cannot_take_the_last_two_security_administrators() -> None:
    at = timezone.now()
    first = Membership.objects.get(user=make_user(role=Role.SECURITY_ADMIN))
    second = Membership.objects.get(user=make_user(role=Role.SECURITY_ADMIN))
    with Stepper() as stepper:
        one = stepper.start(
            lambda: actions.end_membership(first, by="system:test", at=at), stop_at="audit.record.before"
        )
        other = stepper.start(lambda: actions.end_membership(second, by="system:test", at=at))
        assert other.waits()
        one.go_on()
        assert one.result().ended_at is not None
        error = other.error()
    assert isinstance(error, AccountsRefused) and error.code == "LAST_SECURITY_ADMIN"
    assert list(Membership.objects.filter(ended_at=None)) == [second]


def test_a_portal_that_is_being_set_up_is_not_held_to_it(city: Organization) -> None:
    refuse_without_security(losing=Q(organization=city))


def test_an_organization_gets_no_region_beyond_its_administrators_own(county: Organization, at: datetime) -> None:
    admin = make_user(organization=county, role=Role.SYSTEM_ADMIN)
    elsewhere = Region.objects.get(pk="441702")
    below = {"kind": "government", "parent": county, "by": admin, "at": at}
    assert refusal(actions.create_organization, "江城区分局", region=elsewhere, **below) == "OUT_OF_SCOPE"
    # No region is the whole country.
    assert refusal(actions.create_organization, "全国分局", **below) == "OUT_OF_SCOPE"
    named = {"name": county.name, "short_name": "", "uscc": "", "by": admin, "at": at}
    assert refusal(actions.change_organization, county, region=elsewhere, **named) == "OUT_OF_SCOPE"
    assert Organization.objects.get(pk=county.pk).region_code == "441602"
    assert actions.create_organization("上城街道办", region=Region.objects.get(pk="441602001"), **below).pk


def test_a_name_and_a_credit_code_are_taken_once_and_say_so(city: Organization, at: datetime) -> None:
    given = {"kind": "government", "parent": city, "by": "system:test", "at": at}
    first = actions.create_organization("一局", uscc="91440000000000000X", **given)
    assert refusal(actions.create_organization, "一局", **given) == "ORGANIZATION_NAME_TAKEN"
    assert refusal(actions.create_organization, "二局", uscc=first.uscc, **given) == "USCC_TAKEN"
    second = actions.create_organization("二局", **given)
    same = {"short_name": "", "region": None, "by": "system:test", "at": at}
    assert refusal(actions.change_organization, second, name="一局", uscc="", **same) == "ORGANIZATION_NAME_TAKEN"
    assert refusal(actions.change_organization, second, name="二局", uscc=first.uscc, **same) == "USCC_TAKEN"
