"""Password rules whose numbers come from settings; checking only, nothing is saved here."""

from __future__ import annotations

import unicodedata

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.policy import policy


def character_classes(password: str) -> int:
    """How many of lower case, upper case, digits and other signs occur."""
    return len({_class_of(character) for character in password})


def _class_of(character: str) -> str:
    category = unicodedata.category(character)
    return category if category in {"Ll", "Lu", "Nd"} else "other"


class LongEnough:
    """At least PASSWORD_MIN_LENGTH characters."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse a short password."""
        if len(password) < policy().password_min_length:
            raise ValidationError(self.get_help_text(), code="password_too_short")

    def get_help_text(self) -> str:
        """The rule in words."""
        number = policy().password_min_length
        return ngettext(
            "The password must have at least %(number)d character.",
            "The password must have at least %(number)d characters.",
            number,
        ) % {"number": number}


class EnoughClasses:
    """At least PASSWORD_MIN_CLASSES of lower case, upper case, digits, other signs."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse a password of too few kinds of characters."""
        if character_classes(password) < policy().password_min_classes:
            raise ValidationError(self.get_help_text(), code="password_too_plain")

    def get_help_text(self) -> str:
        """The rule in words."""
        return _(
            "The password must mix at least %(number)d of: lower case, upper case, digits, other signs."
        ) % {"number": policy().password_min_classes}


class NotUsedBefore:
    """None of the last PASSWORD_HISTORY passwords of this user."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse a password used recently (each comparison costs one hash)."""
        number = policy().password_history
        if user is None or user.pk is None or not number:
            return
        past = user.past_passwords.order_by("-set_at", "-id").values_list("password", flat=True)[:number]
        if any(check_password(password, old) for old in past):
            raise ValidationError(self.get_help_text(), code="password_used_before")

    def get_help_text(self) -> str:
        """The rule in words."""
        return _("The password must differ from your last %(number)d passwords.") % {
            "number": policy().password_history
        }
