"""Who runs a command: the user named on the command line, with the permission that the pages would ask for."""

from __future__ import annotations

from django.core.management.base import CommandError

from accounts.models import User


def user_with(name: str, permission: str) -> User:
    """An active user by name; refused where they lack the permission."""
    user = User.objects.filter(username=name, is_active=True).select_related("organization").first()
    if user is None:
        raise CommandError(f"There is no active user {name}.")
    if not user.has_perm(permission):
        raise CommandError(f"{name} lacks the permission {permission}.")
    return user
