"""Passwords: policy, first change, age, history."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import create_user, reset_password, set_password
from accounts.actions.passwords import random_password
from accounts.errors import AccountsRefused
from accounts.models import Organization, User
from accounts.testing import PASSWORD, make_user
from accounts.validators import EnoughClasses, LongEnough, character_classes

NEW = "Another-2026-Word"


@pytest.fixture(autouse=True)
def numbers(settings: Any) -> None:
    """The numbers that these tests speak of."""
    settings.PASSWORD_MIN_LENGTH = 12
    settings.PASSWORD_MIN_CLASSES = 3
    settings.PASSWORD_HISTORY = 3
    settings.PASSWORD_MAX_AGE_DAYS = 90
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.mark.parametrize(
    ("password", "classes"), [("abc", 1), ("abcD", 2), ("abcD3", 3), ("abcD3-", 4), ("密码", 1), ("a密", 2), ("", 0)]
)
def test_kinds_of_characters_are_counted(password: str, classes: int) -> None:
    assert character_classes(password) == classes


def test_eleven_characters_are_too_short_and_twelve_are_not() -> None:
    with pytest.raises(ValidationError) as refused:
        LongEnough().validate("Abcdefgh-12")
    assert refused.value.code == "password_too_short"
    LongEnough().validate("Abcdefgh-123")


def test_two_kinds_of_characters_are_too_few() -> None:
    with pytest.raises(ValidationError) as refused:
        EnoughClasses().validate("abcdefgh1234")
    assert refused.value.code == "password_too_plain"
    EnoughClasses().validate("Abcdefgh1234")


def test_length_and_kinds_of_characters_are_those_that_are_set(settings: Any) -> None:
    settings.PASSWORD_MIN_LENGTH, settings.PASSWORD_MIN_CLASSES = 15, 4
    with pytest.raises(ValidationError) as short:
        LongEnough().validate("Abcdefgh-12345")
    with pytest.raises(ValidationError) as plain:
        EnoughClasses().validate("Abcdefgh1234567")
    assert (short.value.code, plain.value.code) == ("password_too_short", "password_too_plain")
    assert (LongEnough().validate("Abcdefgh-123456"), EnoughClasses().validate("Abcdefgh-123456")) == (None, None)
    settings.PASSWORD_MIN_LENGTH, settings.PASSWORD_MIN_CLASSES = 3, 1
    assert (LongEnough().validate("abc"), EnoughClasses().validate("abc")) == (None, None)


def test_random_passwords_satisfy_the_policy_and_differ() -> None:
    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    assert {(len(password), character_classes(password)) for password in made} == {(16, 4)}


@pytest.mark.django_db
def test_a_new_user_must_change_the_initial_password_before_anything_else(
    client: Client, office: Organization
) -> None:
    user, initial = create_user(
        "Zhang.San", display_name="张三", organization=office, by="system:test", at=timezone.now()
    )
    assert user.username == "zhang.san"
    client.post(reverse("accounts:login"), {"username": user.username, "password": initial})
    change = reverse("accounts:password_change")
    assert client.get(reverse("admin:index"))["Location"] == change
    typed = {"current": initial, "password": NEW, "repeated": NEW}
    assert client.post(change, typed)["Location"] == reverse("admin:index")
    assert client.get(reverse("admin:index")).status_code == 200
    user.refresh_from_db()
    assert (user.must_change_password, user.check_password(NEW)) == (False, True)


@pytest.mark.django_db
def test_an_old_password_must_be_changed(client: Client, office: Organization, settings: Any) -> None:
    user = make_user(organization=office)
    client.post(reverse("accounts:login"), {"username": user.username, "password": PASSWORD})
    for days, most, status in ((89, 90, 200), (90, 90, 302), (89, 30, 302), (29, 30, 200), (90, 365, 200)):
        settings.PASSWORD_MAX_AGE_DAYS = most
        User.objects.filter(pk=user.pk).update(password_changed_at=timezone.now() - timedelta(days=days))
        assert client.get(reverse("admin:index")).status_code == status, (days, most)


@pytest.mark.django_db
def test_own_change_keeps_this_session_and_ends_the_others(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    other = Client()
    for one in (client, other):
        one.post(reverse("accounts:login"), {"username": user.username, "password": PASSWORD})
    client.post(reverse("accounts:password_change"), {"current": PASSWORD, "password": NEW, "repeated": NEW})
    assert client.get(reverse("admin:index")).status_code == 200
    assert other.get(reverse("admin:index")).status_code == 302


@pytest.mark.django_db
def test_the_last_three_passwords_are_refused_and_the_fourth_is_not(office: Organization, settings: Any) -> None:
    user = make_user(organization=office)
    chain = [PASSWORD, "Second-2026-Word", "Third-2026-Word", "Fourth-2026-Word"]
    for current, password in pairwise(chain):
        user = set_password(user, current=current, password=password, by=user, at=timezone.now())
    for old in chain[1:]:
        with pytest.raises(ValidationError) as refused:
            set_password(user, current=chain[-1], password=old, by=user, at=timezone.now())
        assert [error.code for error in refused.value.error_list] == ["password_used_before"]
    settings.PASSWORD_HISTORY = 4
    with pytest.raises(ValidationError):
        set_password(user, current=chain[-1], password=PASSWORD, by=user, at=timezone.now())
    settings.PASSWORD_HISTORY = 3
    set_password(user, current=chain[-1], password=PASSWORD, by=user, at=timezone.now())


@pytest.mark.django_db
def test_a_wrong_current_password_changes_nothing(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    with pytest.raises(AccountsRefused) as refused:
        set_password(user, current="wrong", password=NEW, by=user, at=timezone.now())
    assert refused.value.code == "PASSWORD_WRONG"
    client.force_login(user, backend="accounts.backends.RoleBackend")
    page = client.post(reverse("accounts:password_change"), {"current": "x", "password": NEW, "repeated": NEW})
    assert list(page.context["form"].errors) == ["current"]
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.django_db
def test_a_name_in_the_password_and_a_common_one_are_refused(office: Organization) -> None:
    user = make_user("wangxiaoming", organization=office)
    for password, code in (("Wangxiaoming-1", "password_too_similar"), ("Abc123", "password_too_short")):
        with pytest.raises(ValidationError) as refused:
            set_password(user, current=PASSWORD, password=password, by=user, at=timezone.now())
        assert code in [error.code for error in refused.value.error_list]


@pytest.mark.django_db
def test_a_reset_gives_a_password_once_and_never_to_oneself(office: Organization) -> None:
    user, admin = make_user(organization=office), make_user(role="system_admin", organization=office)
    user, password = reset_password(user, by=admin, at=timezone.now())
    assert (user.must_change_password, user.check_password(password)) == (True, True)
    with pytest.raises(AccountsRefused) as refused:
        reset_password(admin, by=admin, at=timezone.now())
    assert refused.value.code == "OWN_ACCOUNT"


@pytest.mark.django_db
def test_a_user_name_is_plain_and_taken_once(office: Organization) -> None:
    facts = {"display_name": "李四", "organization": office, "by": "system:test", "at": timezone.now()}
    create_user("li.si", **facts)
    for name, code in (("LI.SI", "USERNAME_TAKEN"), ("李四", "USERNAME_FORMAT"), ("ab", "USERNAME_FORMAT")):
        with pytest.raises(AccountsRefused) as refused:
            create_user(name, **facts)
        assert refused.value.code == code
    assert User.objects.filter(organization=office).count() == 1
