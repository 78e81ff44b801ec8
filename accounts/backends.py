"""Signs users in by password and answers permission questions from live memberships."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User


class RoleBackend(BaseBackend):
    """Password check and role permissions; lockout stands before it (axes), the second factor after it (views)."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The active user with this name and password."""
        if not username or not password:
            return None
        user = User.objects.filter(username=username).select_related("organization").first()
        if user is None:
            # The same time as for a known name, so that the answer's delay tells nothing.
            make_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        """The user of a session; a deactivated one is nobody."""
        return User.objects.of_session(user_id)

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Permissions of the roles held now."""
        return set(user_obj.get_all_permissions()) if isinstance(user_obj, User) else set()

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether a role held now gives this permission."""
        return isinstance(user_obj, User) and user_obj.has_perm(perm)
