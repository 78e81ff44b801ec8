"""Actions on passwords: initial, own change, reset by an administrator."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import F

from accounts.actions.guards import refuse_beyond_reach
from accounts.errors import AccountsRefused
from accounts.models import PastPassword, User
from accounts.policy import policy
from audit import events
from audit.faults import fault_point

# Without 0 O 1 l I: initial passwords are read from paper.
_LOWER, _UPPER, _DIGITS, _SIGNS = "abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "-+=@%"


def random_password() -> str:
    """A password that satisfies every class and the length of the policy."""
    length = max(16, policy().password_min_length)
    every = _LOWER + _UPPER + _DIGITS + _SIGNS
    letters = [secrets.choice(group) for group in (_LOWER, _UPPER, _DIGITS, _SIGNS)]
    letters += [secrets.choice(every) for _ in range(length - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


def set_password(user: User, *, current: str, password: str, by: User | str, at: datetime) -> User:
    """A user's own change; raises ValidationError when the policy refuses the new password.

    Hashes are compared and made before the transaction opens: they are slow on purpose.
    """
    if not user.check_password(current):
        raise AccountsRefused("PASSWORD_WRONG")
    validate_password(password, user)
    known = user.password
    made = make_password(password)
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if user.password != known:
            raise AccountsRefused("PASSWORD_WRONG")
        fault_point("accounts.set_password.before")
        store_password(user, made=made, must_change=False, at=at)
        _record("user.password_changed", user, by=by, at=at)
        fault_point("accounts.set_password.after")
    return user


def reset_password(user: User, *, by: User | str, at: datetime) -> tuple[User, str]:
    """Give a user a random password, returned once; it must be changed at the next sign-in, sessions end."""
    if isinstance(by, User) and by.pk == user.pk:
        raise AccountsRefused("OWN_ACCOUNT")
    refuse_beyond_reach(user, permission="accounts.reset_password", by=by)
    password = random_password()
    made = make_password(password)
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not user.is_active:
            raise AccountsRefused("USER_INACTIVE")
        fault_point("accounts.reset_password.before")
        store_password(user, made=made, must_change=True, at=at)
        _record("user.password_reset", user, by=by, at=at)
        fault_point("accounts.reset_password.after")
    return user, password


def store_password(user: User, *, made: str, must_change: bool, at: datetime) -> None:
    """Write a hash on a locked user, raise the session version, remember the hash."""
    user.password = made
    user.must_change_password = must_change
    user.password_changed_at = at
    User.objects.filter(pk=user.pk).update(
        password=made,
        must_change_password=must_change,
        password_changed_at=at,
        session_version=F("session_version") + 1,
    )
    user.session_version += 1
    PastPassword.objects.create(user=user, password=made, set_at=at)


def _record(verb: str, user: User, *, by: User | str, at: datetime) -> None:
    events.record(
        verb, user, by=by, at=at, organization=user.organization, region_code=user.organization.region_code, data={}
    )
