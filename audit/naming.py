"""Names of users, kinds of objects and rows, looked up in one question each; no page shows a model's label or a bare id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

SYSTEM = "system:"


def names_of_users(ids: Iterable[Any]) -> dict[int, str]:
    """Display names. Whoever reads that a user did something reads who that is."""
    wanted = {int(pk) for pk in ids if pk is not None and str(pk).isdecimal()}
    if not wanted:
        return {}
    users = get_user_model()._default_manager.filter(pk__in=wanted)
    return {user.pk: user.get_full_name() or user.get_username() for user in users}


def names_of_users_by_username(usernames: Iterable[str]) -> dict[str, str]:
    """Display names by user name, for rows that keep a user as text."""
    wanted = {name for name in usernames if name and not name.startswith(SYSTEM)}
    if not wanted:
        return {}
    users = get_user_model()._default_manager.filter(username__in=wanted)
    return {user.get_username(): user.get_full_name() or user.get_username() for user in users}


def actor_in_words(actor: str, actor_id: int | None, names: Mapping[int, str]) -> str:
    """Who did it: the name colleagues know, or the system."""
    if actor.startswith(SYSTEM):
        return gettext("the system")
    return names.get(actor_id or 0, actor)


def kind_in_words(label: str) -> str:
    """"beneficiaries.roster" -> what the model calls itself; the label where there is no such model any more."""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except (LookupError, ValueError):
        return label


def field_in_words(label: str, name: str) -> str:
    """A field of a model by "app.model" as the model calls it; its own name where there is none any more."""
    try:
        field: Any = apps.get_model(label)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return name
    return str(field.verbose_name)


def as_recorded(text: str) -> SafeString:
    """A code, argument or key as it stands in the rows and logs: the same in every language, for browsers that translate too."""
    return format_html('<span translate="no">{}</span>', text)
