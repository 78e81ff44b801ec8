"""Sign-in and password numbers read from settings, with defaults; no rule applies them here."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Policy:
    """Numbers an operator may set (names in settings are the upper-case field names)."""

    password_min_length: int = 12
    password_min_classes: int = 3
    password_history: int = 5
    password_max_age_days: int = 90
    session_idle_seconds: int = 30 * 60
    session_absolute_seconds: int = 12 * 60 * 60
    second_factor_required: bool = True
    second_factor_failure_limit: int = 5
    sign_in_lock_seconds: int = 15 * 60
    sign_in_pending_seconds: int = 5 * 60
    sign_in_address_failure_limit: int = 30


def policy() -> Policy:
    """The numbers in force: settings where they are set, defaults elsewhere."""
    names = Policy.__dataclass_fields__
    return Policy(**{name: getattr(settings, name.upper()) for name in names if hasattr(settings, name.upper())})
