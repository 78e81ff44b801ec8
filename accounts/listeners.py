"""Turns the sign-in signals of django and axes into events and session marks; the only signals we listen to."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import sessions
from accounts.models import User
from audit import events
from audit.faults import fault_point

ANONYMOUS = "anonymous"


@receiver(user_logged_in, dispatch_uid="accounts.signed_in")
def signed_in(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Mark the new session and record the sign-in."""
    at = timezone.now()
    if request is not None:
        sessions.begin(request.session, at=at)
    _record("user.signed_in", user, by=user, at=at)


@receiver(user_logged_out, dispatch_uid="accounts.signed_out")
def signed_out(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """Record a sign-out, wanted or forced by a limit."""
    if isinstance(user, User):
        _record("user.signed_out", user, by=user, at=timezone.now())


@receiver(user_login_failed, dispatch_uid="accounts.sign_in_failed")
def sign_in_failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Record a failure of a known account; an unknown name may be a mistyped password and is kept nowhere of ours."""
    user = _known(credentials.get("username"))
    if user is not None:
        _record("user.sign_in_failed", user, by=ANONYMOUS, at=timezone.now())


@receiver(user_locked_out, dispatch_uid="accounts.locked_out")
def locked_out(sender: Any, request: HttpRequest, username: str | None, **kwargs: Any) -> None:
    """Record a lockout of a known account."""
    user = _known(username)
    if user is not None:
        _record("user.locked_out", user, by=ANONYMOUS, at=timezone.now())


def _known(username: str | None) -> User | None:
    if not username:
        return None
    return User.objects.filter(username=username).select_related("organization").first()


def _record(verb: str, user: User, *, by: User | str, at: Any) -> None:
    fault_point("accounts.sign_in_event.before")
    events.record(
        verb, user, by=by, at=at, organization=user.organization, region_code=user.organization.region_code, data={}
    )
    fault_point("accounts.sign_in_event.after")
