"""What this room tells the rooms below at start: verbs, permissions, panels."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from audit import events
from closing import panels
from closing.verbs import VERBS

_NAMES = ("monthclosing", "closedfigure", "closedbalance")
_VIEW = tuple(f"closing.{verb}_{name}" for verb in ("view", "export") for name in _NAMES)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.FINANCE_MAKER: (*_VIEW, "closing.draw_up_month"),
    Role.FINANCE_CHECKER: (*_VIEW, "closing.close_month"),
    Role.AUDITOR: _VIEW,
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
