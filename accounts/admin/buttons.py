"""A button with its page: says what will happen, takes a form where needed, calls one action, reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.errors import AccountsRefused


def holds(permission: str) -> Callable[..., bool]:
    """A `has_x_permission` method that asks for one permission of a role."""

    def has_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        return bool(request.user.has_perm(permission))

    return has_permission


class ButtonPages:
    """Mixed into a ModelAdmin: pages behind its buttons."""

    def visible_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The object, if the user may see it."""
        found = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if found is None or not self.has_view_permission(request, found):  # type: ignore[attr-defined]
            raise Http404
        return found

    def button_page(
        self,
        request: HttpRequest,
        *,
        title: str,
        sentence: str,
        button: str,
        run: Callable[[dict[str, Any]], str | HttpResponse],
        form: Form | None = None,
        subject: Model | None = None,
    ) -> HttpResponse:
        """Show the page, or on POST call `run` with the cleaned form: it gives a message or a response."""
        form = form if form is not None else Form(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                done = run({**form.cleaned_data, "by": request.user, "at": timezone.now()})
            except (AccountsRefused, ValidationError) as refused:
                reason = refused.messages[0] if isinstance(refused, ValidationError) else str(refused)
                form.add_error(None, reason)
            else:
                if isinstance(done, HttpResponse):
                    return done
                messages.success(request, done)
                return HttpResponseRedirect(self._address(subject))
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "title": title,
            "sentence": sentence,
            "button": button,
            "form": form,
            "subject": subject,
            "back": self._address(subject),
        }
        return render(request, "accounts/button.html", context)

    def password_page(self, request: HttpRequest, user: Any, password: str) -> HttpResponse:
        """An initial password, shown in this answer only and kept nowhere."""
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "title": user.username,
            "subject": user,
            "password": password,
            "back": self._address(user),
        }
        response = render(request, "accounts/initial_password.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def _address(self, subject: Model | None) -> str:
        options = self.opts  # type: ignore[attr-defined]
        if subject is None:
            return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[subject.pk])
