"""What the roof tells rooms about each other: roles know the permissions of rooms that know no roles."""

from __future__ import annotations

from accounts.roles import grant_permissions
from jobs.permissions import GRANTS as JOBS_GRANTS


def register() -> None:
    """Called once from the app's `ready()`."""
    for role, permissions in JOBS_GRANTS.items():
        grant_permissions(role, permissions)
