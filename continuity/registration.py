"""What this room tells the rooms below at start: findings, permissions, panels, and where a trial finds facts."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from beneficiaries.holdings import register_holding
from continuity import panels
from continuity.earlier import EARLIER
from continuity.facts import case_of
from continuity.holdings import HOLDINGS
from continuity.meanings import MEANINGS
from continuity.models import EarlierListFile, EarlierRow
from intake.actions.lines import Passing, register_passing
from intake.findings import register_meanings
from intake.verbs import register_import
from programs.trial_facts import register_facts

_LIST = ("continuity.view_earlierlist", "continuity.export_earlierlist")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_LIST, "continuity.upload_earlier", "continuity.submit_earlier", "continuity.download_earlier_rows"),
    Role.REVIEWER: (*_LIST, "continuity.approve_earlier"),
    Role.AUDITOR: _LIST,
}


def register() -> None:
    """Called once from the app's `ready()`."""
    register_meanings(MEANINGS)
    register_import(EARLIER)
    register_facts(case_of)
    register_passing(Passing(EarlierListFile, EarlierRow, "list"))
    register_holding(*HOLDINGS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
