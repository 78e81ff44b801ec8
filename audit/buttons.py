"""A button with its page: says what will happen, takes a form where needed, calls one action, reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import Form, ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t

from audit.errors import Refused


def holds(permission: str, *, also: Callable[[Any, str | int], bool] | None = None) -> Callable[..., bool]:
    """A `has_x_permission` method: a role of the user gives the permission, and reaches the object where one is named.

    `also(user, object_id)`: what the page asks beyond that.
    """

    def has_permission(self: Any, request: HttpRequest, object_id: str | int | None = None) -> bool:
        if not request.user.has_perm(permission):
            return False
        if object_id is None:
            return True
        return self.reaches(request, object_id, permission) and (also is None or also(request.user, object_id))

    # Whoever asks which permission a button needs reads it here: the scope matrix does.
    has_permission.permission = permission  # type: ignore[attr-defined]
    return has_permission


def ask_to_choose(form: Form) -> None:
    """Fields that nothing is chosen of yet ask for it in words; Django's own show a row of dashes."""
    for field in form.fields.values():
        if isinstance(field, ModelChoiceField) and field.empty_label is not None:
            field.empty_label = _t("Please choose")


class ButtonPages:
    """Mixed into a ScopedModelAdmin: pages behind its buttons."""

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
        run: Callable[[dict[str, Any]], str | HttpResponseBase],
        form: Form | None = None,
        subject: Model | None = None,
        facts: Sequence[tuple[str, Any]] = (),
        detail: str = "",
        warnings: Sequence[str] = (),
        danger: bool = False,
        back: str = "",
    ) -> HttpResponse:
        """Show the page, or on POST call `run` with the cleaned form: it gives a message or a response.

        `detail` is markup below the facts, made by a template.
        """
        form = form if form is not None else Form(request.POST if request.method == "POST" else None)
        ask_to_choose(form)
        back = back or self.address(subject)
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                done = run({**form.cleaned_data, "by": request.user, "at": timezone.now()})
            except (Refused, ValidationError) as refused:
                reason = refused.messages[0] if isinstance(refused, ValidationError) else str(refused)
                form.add_error(None, reason)
                status = 409
            else:
                if isinstance(done, HttpResponseBase):
                    # A streamed file is none of the other kind; what shows pages does not mind.
                    return done  # type: ignore[return-value]
                messages.success(request, done)
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "title": title,
            "sentences": [sentence] if sentence else [],
            "facts": facts,
            "detail": detail,
            "warnings": warnings,
            "submit_label": button,
            "danger": danger,
            "form": form,
            "subject": subject,
            "back_url": back,
        }
        return render(request, "portal/confirm.html", context, status=status)

    def address(self, subject: Model | None) -> str:
        """The page of an object, or the list."""
        options = self.opts  # type: ignore[attr-defined]
        if subject is None:
            return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[subject.pk])
