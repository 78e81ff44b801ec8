"""What this room tells the rooms below at start: permissions, panels."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from reconciliation import panels

_VIEW = tuple(f"reconciliation.{verb}_{name}" for verb in ("view", "export") for name in ("reconciliation", "claimstatement"))
GRANTS: dict[str, tuple[str, ...]] = {Role.FINANCE_MAKER: _VIEW, Role.FINANCE_CHECKER: _VIEW, Role.AUDITOR: _VIEW}


def register() -> None:
    """Called once from the app's `ready()`."""
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
