"""Checking a certificate: public, limited by address, and silent but for "valid" or not, the day and the program."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.addresses import client_address
from papers import codes

#: Questions of one address within so many seconds; an office or hospital shares its address.
LIMIT, SECONDS = 60, 60
#: Days before and after today that may be asked about.
BACK, AHEAD = 366 * 3, 366


class CheckForm(forms.Form):
    """What stands on the paper."""

    number = forms.CharField(
        label=_("Number of the certificate"), max_length=60,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "placeholder": "HY-2027-000000000198"}),
    )
    code = forms.CharField(
        label=_("Check code"), max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "placeholder": "XXXX-XXXX-XXXX"}),
    )
    day = forms.DateField(
        label=_("Valid on"), required=False, help_text=_("Empty: today."),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )

    def clean_day(self) -> Any:
        """Today, or a day within reach."""
        today = timezone.localdate()
        day = self.cleaned_data["day"] or today
        if not today - timedelta(days=BACK) <= day <= today + timedelta(days=AHEAD):
            raise forms.ValidationError(_t("This day lies too far away."))
        return day


@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
def check_page(request: HttpRequest) -> HttpResponse:
    """Number and code as typed from the paper."""
    form = CheckForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    return _answer(request, form, **form.cleaned_data)


@never_cache
@require_safe
@sensitive_variables()
def scanned_page(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Number and code as the square code on the paper says them."""
    form = CheckForm(None, initial={"number": number[:60], "code": code[:20]})
    return _answer(request, form, number=number, code=code, day=timezone.localdate())


def _answer(request: HttpRequest, form: forms.Form, *, number: str, code: str, day: Any) -> HttpResponse:
    if _asks_too_often(request):
        return _page(request, form, status=429, too_often=True)
    return _page(request, form, asked=True, answer=codes.check(number, code, day=day), day=day)


def _page(request: HttpRequest, form: forms.Form, *, status: int = 200, **context: Any) -> HttpResponse:
    answer = render(request, "papers/check.html", {**admin.site.each_context(request), "form": form, **context}, status=status)
    # The address that a square code opens holds the code: no other page is told of it.
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _asks_too_often(request: HttpRequest) -> bool:
    """Whether an address has asked more than LIMIT times within SECONDS."""
    place = hashlib.sha256(f"{settings.SECRET_KEY}|{client_address(request)}".encode()).hexdigest()[:24]
    key = f"papers.check:{place}:{int(timezone.now().timestamp()) // SECONDS}"
    cache.add(key, 0, SECONDS * 2)
    try:
        return cache.incr(key) > LIMIT
    except ValueError:
        # Dropped between the two: counted from the next one on.
        return False
