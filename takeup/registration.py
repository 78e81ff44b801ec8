"""What this room tells the rooms below at start: verbs, findings, permissions, panels."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.participants import register_participants
from intake.actions.lines import Passing, register_passing
from intake.findings import register_meanings
from intake.verbs import register_import
from takeup import panels
from takeup.meanings import MEANINGS
from takeup.models import ParticipantListFile, ParticipantRow
from takeup.participants import PARTICIPANTS, among
from takeup.verbs import VERBS

_VIEW = ("takeup.view_takeup", "takeup.export_takeup", "takeup.view_target")
_LIST = ("takeup.view_participantlist", "takeup.export_participantlist")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_VIEW, "takeup.propose_target", "takeup.import_target", "takeup.export_target", *_LIST,
        "takeup.upload_participants", "takeup.submit_participants", "takeup.download_participant_rows",
    ),
    Role.REVIEWER: (*_VIEW, "takeup.approve_target", *_LIST, "takeup.approve_participants"),
    Role.FINANCE_MAKER: _VIEW,
    Role.FINANCE_CHECKER: _VIEW,
    Role.AUDITOR: (*_VIEW, *_LIST),
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    register_meanings(MEANINGS)
    register_import(PARTICIPANTS)
    register_participants(among)
    register_passing(Passing(ParticipantListFile, ParticipantRow, "list"))
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
