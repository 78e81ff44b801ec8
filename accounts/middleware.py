"""Holds every signed-in request to the session limits, the second factor and a fresh password."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import get_user
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import sessions
from accounts.models import SecondFactor, User
from accounts.policy import policy
from audit.faults import fault_point

#: Names of views that a user with something still to do may open.
_ALWAYS_OPEN = frozenset({"admin:logout", "admin:jsi18n", "accounts:login", "accounts:logout"})
_SECOND_FACTOR_VIEWS = frozenset({"accounts:second_factor_set_up"})
_PASSWORD_VIEWS = frozenset({"accounts:password_change"})


class SessionLimits:
    """Comes after AuthenticationMiddleware and MessageMiddleware.

    A request with the header X-Background (a page that refreshes itself) does not count as use.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = get_user(request)
        if not isinstance(user, User):
            return self.get_response(request)
        # A page asks its reader some hundred times: the user, not what Django lets stand for one until somebody asks.
        request.user = user
        now = timezone.now()
        if sessions.end_reason(request.session, at=now):
            fault_point("accounts.end_session.before")
            logout(request)
            fault_point("accounts.end_session.after")
            messages.warning(request, _("Your session has ended. Please sign in again."))
            return _to_login(request)
        if "X-Background" not in request.headers:
            sessions.touch(request.session, at=now)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """Send a user with something still to do to the page where it is done."""
        user = request.user
        if not isinstance(user, User):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in _ALWAYS_OPEN:
            return None
        if _lacks_second_factor(request, user):
            return None if name in _SECOND_FACTOR_VIEWS else HttpResponseRedirect(
                reverse("accounts:second_factor_set_up")
            )
        if must_change_password(user) and name not in _PASSWORD_VIEWS:
            return HttpResponseRedirect(reverse("accounts:password_change"))
        return None


def must_change_password(user: User) -> bool:
    """Whether the password is an initial one or too old."""
    if user.must_change_password:
        return True
    expires_on = user.password_expires_on(max_age_days=policy().password_max_age_days)
    return expires_on is not None and expires_on <= timezone.localdate()


def _lacks_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether an administrator came in by a password alone."""
    if not policy().second_factor_required or not user.must_have_second_factor:
        return False
    if request.session.get(sessions.SECOND_FACTOR):
        return False
    if SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists():
        # Set up in another session since; that one went on, this one has to sign in again.
        fault_point("accounts.end_session.before")
        logout(request)
        fault_point("accounts.end_session.after")
    return True


def _to_login(request: HttpRequest) -> HttpResponseRedirect:
    query = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
    return HttpResponseRedirect(reverse("accounts:login") + query)
