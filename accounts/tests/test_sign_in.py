"""Signing in: password, lockout, sessions and their ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts import sessions
from accounts.actions import deactivate_user, end_membership, grant_membership, reset_password, unlock_user
from accounts.addresses import client_address
from accounts.models import Organization, User
from accounts.session_store import SessionStore
from accounts.testing import PASSWORD, make_user
from audit.models import Event

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def numbers(settings: Any) -> None:
    """The numbers that these tests speak of."""
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 5
    settings.SIGN_IN_ADDRESS_FAILURE_LIMIT = 8
    settings.SESSION_IDLE_SECONDS = 600
    settings.SESSION_ABSOLUTE_SECONDS = 3600
    settings.SECOND_FACTOR_REQUIRED = False
    settings.LANGUAGE_CODE = "en"


def sign_in(client: Client, user: User | str, password: str = PASSWORD, **extra: Any) -> Any:
    username = user if isinstance(user, str) else user.username
    return client.post(reverse("accounts:login"), {"username": username, "password": password}, **extra)


def signed_in(client: Client) -> bool:
    return client.get(reverse("admin:index")).status_code == 200


def age(client: Client, **seconds: int) -> None:
    """Push the marks of a session into the past."""
    session = client.session
    for name, number in seconds.items():
        key = {"started": sessions.STARTED, "seen": sessions.SEEN}[name]
        session[key] = int(timezone.now().timestamp()) - number
    session.save()


def test_the_login_page_is_the_portals_own(client: Client) -> None:
    assert reverse("accounts:login") == reverse("admin:login") == LOGIN
    assert client.get(reverse("admin:index"))["Location"].startswith(LOGIN)
    page = client.get(LOGIN)
    assert page.templates[0].name == "accounts/sign_in.html"
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_name_and_password_open_the_admin(client: Client, office: Organization) -> None:
    user = make_user(role="clerk", organization=office)
    answer = sign_in(client, f"  {user.username.upper()} ")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert signed_in(client)
    assert User.objects.get(pk=user.pk).last_login is not None


def test_a_foreign_next_address_is_not_followed(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    data = {"username": user.username, "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post(LOGIN, data)["Location"] == "/admin/"


def test_wrong_password_unknown_name_and_closed_account_answer_alike(client: Client, office: Organization) -> None:
    user, closed = make_user(organization=office), make_user(organization=office)
    deactivate_user(closed, by="system:test", at=timezone.now())
    answers = {
        sign_in(client, *attempt).content.split(b"errornote")[1].split(b"</div>")[0]
        for attempt in ((user, "wrong"), ("nobody", "wrong"), (closed, PASSWORD), ("Not A Name!", "x"))
    }
    errors = [sign_in(client, user, "wrong").context["form"].non_field_errors()]
    assert len(answers) == 1
    assert errors == [["User name and password do not fit together, or the account is not active."]]


def test_the_fifth_failure_locks_the_account_for_every_address(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    statuses = [sign_in(client, user, "wrong", REMOTE_ADDR=f"10.0.0.{n}").status_code for n in range(1, 6)]
    assert statuses == [200, 200, 200, 200, 429]
    assert sign_in(client, user, REMOTE_ADDR="10.0.0.99").status_code == 429
    assert not signed_in(client)


def test_a_locked_account_opens_again_after_the_wait(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    for _ in range(5):
        sign_in(client, user, "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME - timedelta(seconds=1))
    assert sign_in(client, user).status_code == 302


def test_trying_during_a_lockout_does_not_lengthen_it(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    for _ in range(5):
        sign_in(client, user, "wrong")
    before = AccessAttempt.objects.get().attempt_time
    sign_in(client, user, "wrong")
    assert AccessAttempt.objects.get().attempt_time == before


def test_an_address_is_locked_at_its_own_limit_and_others_are_not(client: Client, office: Organization) -> None:
    users = [make_user(organization=office) for _ in range(9)]
    statuses = [sign_in(client, user, "wrong", REMOTE_ADDR="10.0.0.1").status_code for user in users[:8]]
    assert statuses == [200] * 7 + [429]
    assert sign_in(client, users[8], REMOTE_ADDR="10.0.0.1").status_code == 429
    assert sign_in(client, users[8], REMOTE_ADDR="10.0.0.2").status_code == 302


def test_behind_a_proxy_each_browser_is_counted_for_itself_and_invents_no_address(
    client: Client, office: Organization, settings: Any
) -> None:
    settings.PROXIES = 1
    users = iter([make_user(organization=office) for _ in range(10)])

    def by(seen: str, typed: str = "wrong") -> int:
        return sign_in(client, next(users), typed, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=seen).status_code

    statuses = [by(f"198.51.100.{invented}, 203.0.113.5") for invented in range(8)]
    assert statuses == [200] * 7 + [429]
    assert AccessAttempt.objects.values_list("ip_address", flat=True).distinct().get() == "203.0.113.5"
    assert (by("198.51.100.9, 203.0.113.5", PASSWORD), by("203.0.113.5, 203.0.113.6", PASSWORD)) == (429, 302)


@pytest.mark.parametrize(("proxies", "seen", "address"), [
    (0, "203.0.113.5", "10.0.0.1"), (1, "203.0.113.5", "203.0.113.5"), (1, "203.0.113.9,203.0.113.5", "203.0.113.5"),
    (2, "203.0.113.9, 203.0.113.5, 10.0.0.2", "203.0.113.5"), (2, "203.0.113.5", "10.0.0.1"), (1, "", "10.0.0.1"),
    (1, "unknown", "10.0.0.1"), (1, "2001:DB8::5", "2001:db8::5"),
])
def test_the_address_is_what_the_outermost_of_our_proxies_saw(
    rf: RequestFactory, settings: Any, proxies: int, seen: str, address: str
) -> None:
    settings.PROXIES = proxies
    assert client_address(rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=seen)) == address


def test_a_good_sign_in_forgets_the_accounts_failures_only(client: Client, office: Organization) -> None:
    user, other = make_user(organization=office), make_user(organization=office)
    sign_in(client, user, "wrong")
    sign_in(client, other, "wrong")
    sign_in(client, user)
    assert list(AccessAttempt.objects.values_list("username", "failures_since_start")) == [(other.username, 1)]


def test_unlocking_lets_the_account_in_at_once(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    for _ in range(5):
        sign_in(client, user, "wrong")
    assert unlock_user(user, by="system:test", at=timezone.now()) == 1
    assert sign_in(client, user).status_code == 302


def test_nothing_that_was_typed_is_kept_with_a_failed_attempt(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    typed = ("110101199003070011", "secret-in-the-wrong-cell", "110101199003070011")
    for name in (user, *typed):
        sign_in(client, name, "Secret-But-Wrong-1", QUERY_STRING="username=110101199003070011")
    kept = list(AccessAttempt.objects.order_by("id").values_list("username", "failures_since_start"))
    assert [number for _name, number in kept] == [1, 2, 1]
    assert kept[0][0] == user.username
    assert all(re.fullmatch(r"\?[0-9a-f]{32}", name) for name, _number in kept[1:])
    whole = " ".join(str(value) for row in AccessAttempt.objects.values_list() for value in row).lower()
    assert not any(text in whole for text in ("secret-but-wrong-1", "csrf", *typed))


def test_a_name_of_nobody_is_locked_as_an_account_is(client: Client) -> None:
    statuses = [sign_in(client, "nobody", "wrong", REMOTE_ADDR=f"10.0.0.{n}").status_code for n in range(1, 7)]
    assert statuses == [200, 200, 200, 200, 429, 429]


def test_an_idle_session_ends(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    sign_in(client, user)
    # A slow machine may need seconds for the page.
    age(client, seen=590)
    assert signed_in(client)
    age(client, seen=600)
    answer = client.get("/admin/accounts/")
    assert (answer.status_code, answer["Location"]) == (302, f"{LOGIN}?next=%2Fadmin%2Faccounts%2F")
    assert not signed_in(client)


def test_a_used_session_ends_at_the_absolute_limit(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    sign_in(client, user)
    age(client, started=3590, seen=1)
    assert signed_in(client)
    age(client, started=3600, seen=1)
    assert not signed_in(client)


def test_use_moves_the_idle_limit_and_a_page_refreshing_itself_does_not(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    sign_in(client, user)
    age(client, seen=500)
    client.get(reverse("admin:index"), headers={"X-Background": "1"})
    assert int(timezone.now().timestamp()) - client.session[sessions.SEEN] >= 500
    client.get(reverse("admin:index"))
    assert int(timezone.now().timestamp()) - client.session[sessions.SEEN] <= 2


def test_a_cookie_is_dead_after_logout(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    sign_in(client, user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post(reverse("admin:logout"))
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = cookie
    assert not signed_in(thief)
    assert not Session.objects.filter(session_key=cookie).exists()


def test_sessions_die_when_a_role_is_granted_or_ended(client: Client, office: Organization) -> None:
    user = make_user(role="clerk", organization=office)
    sign_in(client, user)
    grant_membership(user, role="finance_maker", organization=office, by="system:test", at=timezone.now())
    assert not signed_in(client)
    sign_in(client, user)
    assert signed_in(client)
    end_membership(user.memberships.get(role="clerk"), by="system:test", at=timezone.now())
    assert not signed_in(client)


def test_sessions_die_with_the_account_and_with_a_password_reset(client: Client, office: Organization) -> None:
    user, other = make_user(organization=office), make_user(organization=office)
    sign_in(client, user)
    deactivate_user(user, by="system:test", at=timezone.now())
    assert not signed_in(client)
    assert sign_in(client, user).status_code == 200
    sign_in(client, other)
    reset_password(other, by="system:test", at=timezone.now())
    assert not signed_in(client)


def test_a_session_without_our_marks_is_signed_out(client: Client, office: Organization) -> None:
    client.force_login(make_user(organization=office), backend="accounts.backends.RoleBackend")
    assert signed_in(client)
    session = client.session
    del session[sessions.STARTED]
    session.save()
    assert not signed_in(client)


def test_signing_in_costs_a_constant_number_of_queries(
    client: Client, office: Organization, django_assert_max_num_queries: Any
) -> None:
    user = make_user(role="clerk", organization=office)
    with django_assert_max_num_queries(25):
        sign_in(client, user)


def test_a_session_key_that_was_planted_before_signing_in_opens_nothing_after(client: Client, office: Organization) -> None:
    user = make_user(organization=office)
    planted = client.session
    planted["anything"] = 1
    planted.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    sign_in(client, user)
    assert signed_in(client)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted.session_key
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    assert not signed_in(thief)


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example/", "\\\\evil.example", "/\\evil.example", "javascript:alert(1)",
     "http:///evil.example", "https:evil.example", " //evil.example", "\t//evil.example"],
)
@pytest.mark.parametrize("place", ["query", "body"])
def test_no_form_of_a_foreign_next_address_is_followed(
    place: str, address: str, client: Client, office: Organization
) -> None:
    user = make_user(organization=office)
    login, given = reverse("accounts:login"), {"username": user.username, "password": PASSWORD}
    if place == "query":
        answer = client.post(f"{login}?{urlencode({'next': address})}", given)
    else:
        answer = client.post(login, {**given, "next": address})
    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))
    # Nor for someone who is signed in already.
    assert client.get(login, {"next": address})["Location"] == reverse("admin:index")


def test_guessing_the_password_in_a_stolen_session_locks_the_account_and_ends_the_session(
    client: Client, office: Organization
) -> None:
    user = make_user(organization=office)
    sign_in(client, user)
    page = reverse("accounts:password_change")
    new = "Another-2026-Pass"
    answers = [
        client.post(page, {"current": f"guess-{number}", "password": new, "repeated": new}).status_code for number in range(5)
    ]
    assert answers == [200, 200, 200, 200, 429]
    assert not signed_in(client)
    assert Event.objects.filter(verb="user.locked_out", subject_id=str(user.pk)).count() == 1
    assert sign_in(Client(), user).status_code == 429
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_known_unknown_and_locked_names_cost_one_hash_each(client: Client, office: Organization, monkeypatch: Any) -> None:
    """The answer's delay tells no name: with and without an account one hash is made."""
    made: list[str] = []
    monkeypatch.setattr("accounts.backends.make_password", lambda password: made.append("made"))
    monkeypatch.setattr(User, "check_password", lambda user, password: bool(made.append("checked")))
    user = make_user(organization=office)
    for username in (user.username, "nobody.at.all"):
        sign_in(client, username, "wrong")
    assert made == ["checked", "made"]


def test_the_user_of_a_session_is_read_whole_with_the_organization() -> None:
    user = make_user(phone="13800138000")
    read = User.objects.of_session(user.pk)
    kept = User.objects.select_related("organization").get(pk=user.pk)
    assert read is not None and read.phone.reveal() == "13800138000"
    for one, other in ((read, kept), (read.organization, kept.organization)):
        fields = [field.attname for field in one._meta.concrete_fields if field.attname != "phone"]
        assert {name: getattr(one, name) for name in fields} == {name: getattr(other, name) for name in fields}
    assert not read._state.adding and read._state.db == kept._state.db and not read.get_deferred_fields()


def test_nobody_is_the_user_of_a_session_who_is_unknown_or_deactivated() -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(is_active=False, deactivated_at=timezone.now())
    assert User.objects.of_session(user.pk) is None and User.objects.of_session(987_654_321) is None


def test_a_session_whose_time_is_over_holds_nothing() -> None:
    store = SessionStore()
    store["zq"] = 1
    store.create()
    assert SessionStore(store.session_key).load() == {"zq": 1}
    Session.objects.filter(pk=store.session_key).update(expire_date=timezone.now() - timedelta(seconds=1))
    late = SessionStore(store.session_key)
    assert late.load() == {} and late.session_key is None
