"""The page that shows an initial password; the other button pages are `audit.buttons`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from audit.buttons import ButtonPages


class AccountButtons(ButtonPages):
    """Mixed into the admins of this room."""

    def password_page(self, request: HttpRequest, user: Any, password: str) -> HttpResponse:
        """An initial password, shown in this answer only and kept nowhere."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": user.username,
            "subject": user,
            "password": password,
            "back": self.address(user),
        }
        response = render(request, "accounts/initial_password.html", context)
        response["Cache-Control"] = "no-store"
        return response
