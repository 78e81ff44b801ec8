"""Forms of signing in and of one's own password; they check what was typed, actions decide."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from accounts.models.user import USERNAME_PATTERN

SIGN_IN_REFUSED = _("User name and password do not fit together, or the account is not active.")


class SignInForm(forms.Form):
    """The first step: name and password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=64,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """The name folded as stored; what cannot be a name is refused like a wrong one (a mistyped password)."""
        cleaned = super().clean() or {}
        if "username" in cleaned:
            cleaned["username"] = unicodedata.normalize("NFKC", cleaned["username"]).strip().lower()
            if not re.fullmatch(USERNAME_PATTERN, cleaned["username"]):
                raise forms.ValidationError(SIGN_IN_REFUSED, code="refused")
        return cleaned


class TokenForm(forms.Form):
    """The second step: six digits, or a recovery code where those are accepted."""

    token = forms.CharField(
        label=_("Code"),
        max_length=24,
        required=True,
        error_messages={"required": _("Type the six digits that your authenticator shows.")},
        widget=UnfoldAdminTextInputWidget(
            attrs={"autofocus": True, "autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )


class OwnPasswordForm(forms.Form):
    """A user's own new password."""

    current = forms.CharField(
        label=_("Current password"),
        max_length=256,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autofocus": True, "autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label=_("New password"),
        max_length=256,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label=_("New password again"),
        max_length=256,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    @property
    def rules(self) -> list[str]:
        """The password rules in words."""
        return password_validators_help_texts()

    def clean(self) -> dict[str, Any]:
        """Typed twice alike, and within the policy."""
        cleaned = super().clean() or {}
        password, repeated = cleaned.get("password"), cleaned.get("repeated")
        if password and repeated:
            if password != repeated:
                self.add_error("repeated", _("The two new passwords differ."))
            else:
                try:
                    validate_password(password, self.user)
                except forms.ValidationError as error:
                    self.add_error("password", error)
        return cleaned
