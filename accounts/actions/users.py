"""Actions on users: made, corrected, unlocked, deactivated; never deleted."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from axes.utils import reset as reset_axes
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F, Q

from accounts.actions.guards import refuse_beyond_reach, refuse_without_security
from accounts.actions.passwords import random_password
from accounts.errors import AccountsRefused
from accounts.models import Organization, PastPassword, SecondFactor, User
from accounts.models.user import USERNAME_PATTERN
from audit import events
from audit.faults import fault_point


def create_user(
    username: str,
    *,
    display_name: str,
    organization: Organization,
    by: User | str,
    at: datetime,
    phone: str | None = None,
    password: str | None = None,
) -> tuple[User, str]:
    """Make a user and return the initial password, which must be changed at the first sign-in.

    `password` is for demonstrations and tests; without it a random one is made. It is shown once, never stored.
    """
    username = unicodedata.normalize("NFKC", username).strip().lower()
    if not re.fullmatch(USERNAME_PATTERN, username):
        raise AccountsRefused("USERNAME_FORMAT")
    password = password or random_password()
    made = make_password(password)
    with transaction.atomic():
        organization = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if not organization.active:
            raise AccountsRefused("ORGANIZATION_INACTIVE")
        fault_point("accounts.create_user.before")
        user, created = User.objects.get_or_create(
            username=username,
            defaults={
                "display_name": display_name,
                "organization": organization,
                "phone": phone or None,
                "password": made,
                "must_change_password": True,
                "password_changed_at": at,
                "created_at": at,
            },
        )
        if not created:
            raise AccountsRefused("USERNAME_TAKEN")
        PastPassword.objects.create(user=user, password=made, set_at=at)
        _record("user.created", user, by=by, at=at)
        fault_point("accounts.create_user.after")
    return user, password


@transaction.atomic
def change_user(
    user: User, *, display_name: str, phone: str | None, by: User | str, at: datetime
) -> User:
    """Correct a user's name and phone; `phone` None leaves the stored number as it is, "" removes it."""
    user = _locked(user)
    changed = []
    if user.display_name != display_name:
        user.display_name = display_name
        changed.append("display_name")
    if phone is not None and (user.phone.reveal() if user.phone else "") != phone:
        user.phone = phone or None
        changed.append("phone")
    if changed:
        fault_point("accounts.change_user.before")
        user.save(update_fields=changed)
        _record("user.changed", user, by=by, at=at, data={"fields": changed})
        fault_point("accounts.change_user.after")
    return user


@transaction.atomic
def deactivate_user(user: User, *, by: User | str, at: datetime) -> User:
    """Close an account: sessions end at once, memberships stop to count, the row stays."""
    if isinstance(by, User) and by.pk == user.pk:
        raise AccountsRefused("OWN_ACCOUNT")
    user = _locked(user)
    if not user.is_active:
        raise AccountsRefused("USER_INACTIVE")
    refuse_beyond_reach(user, permission="accounts.deactivate_user", by=by)
    refuse_without_security(losing=Q(user=user))
    user.is_active, user.deactivated_at = False, at
    fault_point("accounts.deactivate_user.before")
    user.save(update_fields=["is_active", "deactivated_at"])
    end_sessions(user)
    _record("user.deactivated", user, by=by, at=at)
    fault_point("accounts.deactivate_user.after")
    return user


@transaction.atomic
def reactivate_user(user: User, *, by: User | str, at: datetime) -> User:
    """Open a closed account again; its memberships that are still live count again."""
    user = _locked(user)
    if not user.is_active:
        user.is_active, user.deactivated_at = True, None
        fault_point("accounts.reactivate_user.before")
        user.save(update_fields=["is_active", "deactivated_at"])
        _record("user.reactivated", user, by=by, at=at)
        fault_point("accounts.reactivate_user.after")
    return user


@transaction.atomic
def unlock_user(user: User, *, by: User | str, at: datetime) -> int:
    """Forget failed sign-ins of an account, of the password and of the second factor; gives how many rows went."""
    user = _locked(user)
    fault_point("accounts.unlock_user.before")
    forgotten = reset_axes(username=user.username)
    SecondFactor.objects.filter(user=user).update(failures=0, locked_until=None)
    _record("user.unlocked", user, by=by, at=at, data={"forgotten": forgotten})
    fault_point("accounts.unlock_user.after")
    return int(forgotten)


def end_sessions(user: User) -> None:
    """Raise the session version of a locked user: every session of theirs is dead from now on."""
    User.objects.filter(pk=user.pk).update(session_version=F("session_version") + 1)
    user.session_version += 1


def _locked(user: User) -> User:
    return User.objects.select_for_update(no_key=True, of=("self",)).select_related("organization").get(pk=user.pk)


def _record(
    verb: str, user: User, *, by: User | str, at: datetime, data: dict[str, object] | None = None
) -> None:
    events.record(
        verb, user, by=by, at=at, organization=user.organization, region_code=user.organization.region_code,
        data=data or {},
    )
