"""What this room tells the rooms below at start: verbs, permissions, panels."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from audit import events
from papers import panels
from papers.verbs import VERBS

_VIEW = ("papers.view_printing", "papers.export_printing", "papers.view_certificatewording")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_VIEW, "papers.print_certificate"),
    Role.REVIEWER: (*_VIEW, "papers.approve_printing", "papers.write_wording"),
    Role.AUDITOR: _VIEW,
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
