"""The second factor: required, set up, replay and blank refused, recovery codes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import totp
from accounts.actions import (
    begin_second_factor,
    confirm_second_factor,
    reset_second_factor,
    unlock_user,
    verify_second_factor,
)
from accounts.errors import AccountsRefused
from accounts.models import Organization, SecondFactor, User
from accounts.testing import PASSWORD, make_user

#: RFC 6238 appendix B, SHA-1, cut to six digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]


@pytest.fixture(autouse=True)
def numbers(settings: Any) -> None:
    """The numbers that these tests speak of."""
    settings.SECOND_FACTOR_REQUIRED = True
    settings.SECOND_FACTOR_FAILURE_LIMIT = 5
    settings.SIGN_IN_LOCK_SECONDS = 900


@pytest.fixture
def admin(office: Organization) -> User:
    """A system administrator without a second factor."""
    return make_user("admin.one", role="system_admin", organization=office)


def set_up(user: User, *, at: datetime) -> tuple[SecondFactor, list[str]]:
    """A confirmed second factor whose first token lies a minute back."""
    factor = begin_second_factor(user, by=user, at=at)
    past = at - timedelta(seconds=60)
    codes = confirm_second_factor(user, token=totp.token_at(factor.secret.reveal(), at=past), by=user, at=past)
    assert codes is not None
    return SecondFactor.objects.get(user=user), codes


def password_step(client: Client, user: User) -> Any:
    return client.post(reverse("accounts:login"), {"username": user.username, "password": PASSWORD})


def wrong_token(secret: str, *, at: datetime) -> str:
    near = {totp.token_at(secret, at=at + timedelta(seconds=30 * n)) for n in range(-2, 3)}
    return next(f"{n:06d}" for n in range(6) if f"{n:06d}" not in near)


@pytest.mark.parametrize(("seconds", "token"), RFC_VECTORS)
def test_tokens_agree_with_rfc_6238(seconds: int, token: str) -> None:
    assert totp.token_at(RFC_SECRET, at=datetime.fromtimestamp(seconds, UTC)) == token


def test_a_token_fits_one_step_before_and_after_and_no_further() -> None:
    at = datetime.fromtimestamp(1234567890, UTC)
    token, step = totp.token_at(RFC_SECRET, at=at), 1234567890 // 30
    shifts = {n: totp.matching_step(RFC_SECRET, token, at=at + timedelta(seconds=30 * n), after=-1) for n in range(-2, 3)}
    assert shifts == {-2: None, -1: step, 0: step, 1: step, 2: None}
    assert totp.matching_step(RFC_SECRET, token, at=at, after=step) is None


def test_the_qr_code_is_inline_svg_without_style_or_script() -> None:
    svg = totp.qr_svg(totp.provisioning_uri(RFC_SECRET, account="a", issuer="普惠"))
    assert svg.startswith("<svg")
    assert not re.search(r"style=|<style|<script|onload|href", svg)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["system_admin", "security_admin", "auditor"])
def test_administrators_set_up_a_second_factor_before_anything_else(
    role: str, client: Client, office: Organization
) -> None:
    user = make_user(role=role, organization=office)
    assert password_step(client, user)["Location"] == "/admin/"
    page = reverse("accounts:second_factor_set_up")
    for url in (reverse("admin:index"), reverse("accounts:password_change"), "/admin/accounts/user/"):
        assert client.get(url)["Location"] == page
    assert b"<svg" in client.get(page).content
    secret = SecondFactor.objects.get(user=user).secret.reveal()
    done = client.post(page, {"token": totp.token_at(secret, at=timezone.now())})
    assert len(done.context["codes"]) == 8
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.django_db
def test_business_roles_may_go_without_and_may_set_one_up(client: Client, office: Organization) -> None:
    user = make_user(role="clerk", organization=office)
    password_step(client, user)
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.get(reverse("accounts:second_factor_set_up")).status_code == 200


@pytest.mark.django_db
def test_nobody_needs_one_when_the_setting_is_off(client: Client, admin: User, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    password_step(client, admin)
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.django_db
def test_password_then_token_opens_the_admin(client: Client, admin: User, at: datetime) -> None:
    factor, _ = set_up(admin, at=at)
    assert password_step(client, admin)["Location"] == reverse("accounts:second_factor")
    assert client.get(reverse("admin:index")).status_code == 302
    answer = client.post(reverse("accounts:second_factor"), {"token": totp.token_at(factor.secret.reveal(), at=timezone.now())})
    assert answer["Location"] == "/admin/"
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.django_db
def test_a_token_works_once(client: Client, admin: User, at: datetime) -> None:
    factor, _ = set_up(admin, at=at)
    token = totp.token_at(factor.secret.reveal(), at=at)
    assert verify_second_factor(admin, token=token, by=admin, at=at) is True
    assert verify_second_factor(admin, token=token, by=admin, at=at) is False


@pytest.mark.django_db
def test_a_code_read_over_a_shoulder_opens_no_second_browser(client: Client, admin: User, at: datetime) -> None:
    factor, _ = set_up(admin, at=at)
    token = totp.token_at(factor.secret.reveal(), at=timezone.now())
    thief = Client()
    for browser in (client, thief):
        password_step(browser, admin)
    planted = client.session.session_key
    assert client.post(reverse("accounts:second_factor"), {"token": token})["Location"] == "/admin/"
    assert client.session.session_key != planted
    assert thief.post(reverse("accounts:second_factor"), {"token": token}).status_code == 200
    assert thief.get(reverse("admin:index")).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("blank", ["", "   ", "\u3000", "-"])
def test_a_blank_token_is_no_failure(blank: str, client: Client, admin: User, at: datetime) -> None:
    set_up(admin, at=at)
    password_step(client, admin)
    page = client.post(reverse("accounts:second_factor"), {"token": blank})
    assert page.status_code == 200
    assert verify_second_factor(admin, token=blank, by=admin, at=at) is False
    assert SecondFactor.objects.get(user=admin).failures == 0


@pytest.mark.django_db
def test_the_fifth_wrong_token_closes_the_second_factor_and_unlocking_opens_it(admin: User, at: datetime) -> None:
    factor, _ = set_up(admin, at=at)
    wrong, right = wrong_token(factor.secret.reveal(), at=at), totp.token_at(factor.secret.reveal(), at=at)
    for _ in range(4):
        assert verify_second_factor(admin, token=wrong, by="anonymous", at=at) is False
    assert SecondFactor.objects.get(user=admin).failures == 4
    verify_second_factor(admin, token=wrong, by="anonymous", at=at)
    assert SecondFactor.objects.get(user=admin).locked_until == at + timedelta(seconds=900)
    assert verify_second_factor(admin, token=right, by="anonymous", at=at) is False
    unlock_user(admin, by="system:test", at=at)
    assert verify_second_factor(admin, token=right, by="anonymous", at=at) is True


@pytest.mark.django_db
def test_a_recovery_code_works_once_however_it_is_typed(admin: User, at: datetime) -> None:
    _, codes = set_up(admin, at=at)
    typed = codes[3].replace("-", " ").lower()
    assert verify_second_factor(admin, token=typed, by=admin, at=at) is True
    assert verify_second_factor(admin, token=typed, by=admin, at=at) is False
    assert admin.recovery_codes.filter(used_at__isnull=True).count() == 7


@pytest.mark.django_db
def test_the_password_step_alone_grows_stale(client: Client, admin: User, at: datetime, settings: Any) -> None:
    factor, _ = set_up(admin, at=at)
    password_step(client, admin)
    settings.SIGN_IN_PENDING_SECONDS = 0
    answer = client.post(reverse("accounts:second_factor"), {"token": totp.token_at(factor.secret.reveal(), at=at)})
    assert answer["Location"] == reverse("accounts:login")
    assert client.get(reverse("admin:index")).status_code == 302


@pytest.mark.django_db
def test_setting_one_up_ends_sessions_opened_by_a_password_alone(client: Client, office: Organization) -> None:
    user, other = make_user(role="clerk", organization=office), Client()
    password_step(client, user)
    password_step(other, user)
    client.get(reverse("accounts:second_factor_set_up"))
    secret = SecondFactor.objects.get(user=user).secret.reveal()
    client.post(reverse("accounts:second_factor_set_up"), {"token": totp.token_at(secret, at=timezone.now())})
    assert client.get(reverse("admin:index")).status_code == 200
    assert other.get(reverse("admin:index")).status_code == 302


@pytest.mark.django_db
def test_a_reset_removes_it_and_ends_sessions_but_not_ones_own(admin: User, at: datetime) -> None:
    set_up(admin, at=at)
    admin.refresh_from_db()
    before = admin.session_version
    with pytest.raises(AccountsRefused) as refused:
        reset_second_factor(admin, by=admin, at=at)
    assert refused.value.code == "OWN_ACCOUNT"
    after = reset_second_factor(admin, by="system:test", at=at)
    assert (after.session_version, SecondFactor.objects.count(), after.recovery_codes.count()) == (before + 1, 0, 0)


@pytest.mark.django_db
def test_a_second_set_up_is_refused(admin: User, at: datetime) -> None:
    set_up(admin, at=at)
    with pytest.raises(AccountsRefused) as refused:
        begin_second_factor(admin, by=admin, at=at)
    assert refused.value.code == "ALREADY_ENROLLED"
