"""What this room tells the rooms below at start: verbs, findings, permissions, panels."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from audit import events
from intake.findings import register_meanings
from takeup import panels
from takeup.meanings import MEANINGS
from takeup.verbs import VERBS

_VIEW = ("takeup.view_takeup", "takeup.export_takeup", "takeup.view_target")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_VIEW, "takeup.propose_target", "takeup.import_target", "takeup.export_target"),
    Role.REVIEWER: (*_VIEW, "takeup.approve_target"),
    Role.FINANCE_MAKER: _VIEW,
    Role.FINANCE_CHECKER: _VIEW,
    Role.AUDITOR: _VIEW,
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    register_meanings(MEANINGS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
