"""Pages of signing in, of the second factor and of one's own password; each calls one action."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import actions, sessions, totp
from accounts.errors import AccountsRefused
from accounts.forms import SIGN_IN_REFUSED, OwnPasswordForm, SignInForm, TokenForm
from accounts.middleware import must_change_password
from accounts.models import SecondFactor, User
from accounts.policy import policy
from audit.faults import fault_point

BACKEND = "accounts.backends.RoleBackend"
_get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@sensitive_post_parameters()
@csrf_protect
@never_cache
@_get_or_post
def login_page(request: HttpRequest) -> HttpResponse:
    """First step: name and password."""
    if request.user.is_authenticated and request.method != "POST":
        return HttpResponseRedirect(_next(request))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = authenticate(request, **form.cleaned_data)
        if isinstance(user, User):
            return _password_was_right(request, user)
        form.add_error(None, SIGN_IN_REFUSED)
    return _page(request, "accounts/sign_in.html", form, next=_next(request))


@sensitive_post_parameters()
@csrf_protect
@never_cache
@_get_or_post
def token_page(request: HttpRequest) -> HttpResponse:
    """Second step: a token or a recovery code. A blank one is a form error and counts as nothing."""
    now = timezone.now()
    held = sessions.pending(request.session, at=now)
    user = _held_user(held)
    if held is None or user is None:
        return HttpResponseRedirect(reverse("accounts:login"))
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if actions.verify_second_factor(user, token=form.cleaned_data["token"], by="anonymous", at=now):
            del request.session[sessions.PENDING]
            fault_point("accounts.sign_in.before")
            login(request, user, backend=BACKEND)
            fault_point("accounts.sign_in.after")
            request.session[sessions.SECOND_FACTOR] = True
            return HttpResponseRedirect(str(held["next"]))
        locked = SecondFactor.objects.get(user=user).is_locked(at=now)
        form.add_error("token", _token_locked() if locked else _("This code is not right, or it was used already."))
    return _page(request, "accounts/token.html", form)


@login_required
@sensitive_post_parameters()
@csrf_protect
@never_cache
@_get_or_post
def set_up_page(request: HttpRequest) -> HttpResponse:
    """Set up a second factor: QR code, then a first token."""
    user, now = request.user, timezone.now()
    try:
        factor = actions.begin_second_factor(user, by=user, at=now)
    except AccountsRefused:
        return HttpResponseRedirect(reverse("accounts:recovery_codes"))
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = actions.confirm_second_factor(user, token=form.cleaned_data["token"], by=user, at=now)
        if codes is not None:
            user.refresh_from_db(fields=["session_version"])
            update_session_auth_hash(request, user)
            request.session[sessions.SECOND_FACTOR] = True
            return _page(request, "accounts/recovery_codes.html", Form(), codes=codes)
        form.add_error("token", _("This code is not right. Check that your phone's clock is set automatically."))
    plain = factor.secret.reveal()
    uri = totp.provisioning_uri(plain, account=user.username, issuer=_issuer())
    secret = " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))
    # The SVG is drawn by us from numbers; nothing typed by anybody is in it.
    qr = mark_safe(totp.qr_svg(uri))
    required = policy().second_factor_required and user.must_have_second_factor
    return _page(request, "accounts/set_up.html", form, qr=qr, secret=secret, required=required)


@login_required
@csrf_protect
@never_cache
@_get_or_post
def recovery_codes_page(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes, shown once."""
    user = request.user
    if not SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists():
        return HttpResponseRedirect(reverse("accounts:second_factor_set_up"))
    codes = None
    if request.method == "POST":
        codes = actions.replace_recovery_codes(user, by=user, at=timezone.now())
    left = user.recovery_codes.filter(used_at__isnull=True).count()
    return _page(request, "accounts/recovery_codes.html", Form(), codes=codes, left=left)


@login_required
@sensitive_post_parameters()
@csrf_protect
@never_cache
@_get_or_post
def password_change_page(request: HttpRequest) -> HttpResponse:
    """A user's own new password; this session goes on, others end. A wrong current one counts as a failed sign-in: a
    stolen session is no place to guess it."""
    user = request.user
    form = OwnPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        current, password = form.cleaned_data["current"], form.cleaned_data["password"]
        try:
            if authenticate(request, username=user.username, password=current) is None:
                raise AccountsRefused("PASSWORD_WRONG")
            changed = actions.set_password(user, current=current, password=password, by=user, at=timezone.now())
        except AccountsRefused as refused:
            form.add_error("current", str(refused))
        else:
            update_session_auth_hash(request, changed)
            messages.success(request, _("Your password has been changed."))
            return HttpResponseRedirect(reverse("admin:index"))
    return _page(request, "accounts/password.html", form, required=must_change_password(user))


def locked_page(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """What axes shows to a locked account or address (AXES_LOCKOUT_CALLABLE); a session that ran into it ends."""
    if request.user.is_authenticated:
        fault_point("accounts.end_session.before")
        logout(request)
        fault_point("accounts.end_session.after")
    return _page(request, "accounts/locked.html", Form(), status=429)


def _password_was_right(request: HttpRequest, user: User) -> HttpResponse:
    next_url = _next(request)
    if SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists():
        sessions.hold_pending(request.session, user, next_url=next_url, at=timezone.now())
        return HttpResponseRedirect(reverse("accounts:second_factor"))
    fault_point("accounts.sign_in.before")
    login(request, user, backend=BACKEND)
    fault_point("accounts.sign_in.after")
    return HttpResponseRedirect(next_url)


def _held_user(held: dict[str, Any] | None) -> User | None:
    if held is None:
        return None
    user = User.objects.select_related("organization").filter(pk=held["user"], is_active=True).first()
    # A password or role change since the first step makes that step void.
    return user if user is not None and user.get_session_auth_hash() == held["bound"] else None


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse("admin:index")


def _issuer() -> str:
    return str(admin.site.site_header)


def _token_locked() -> str:
    return _("Too many wrong codes. Wait %(minutes)d minutes, or ask your security administrator.") % {
        "minutes": max(1, policy().sign_in_lock_seconds // 60)
    }


def _page(request: HttpRequest, template: str, form: Form, *, status: int = 200, **facts: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "form": form, "minutes": _lock_minutes(), **facts}
    return render(request, template, context, status=status)


def _lock_minutes() -> int:
    return max(1, policy().sign_in_lock_seconds // 60)
