"""What this room tells the rooms below at start: verbs, findings, permissions, panels, which papers are known."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.holdings import register_holding
from claims.known_papers import register_known_paper
from claims.models import PaperKind
from intake.findings import register_meanings
from intake.verbs import register_import
from records import panels
from records.holdings import HOLDINGS
from records.meanings import MEANINGS
from records.template import RECORDS
from records.verbs import VERBS, WORDS

_VIEW = ("records.view_recordlist", "records.export_recordlist", "records.view_proposal", "records.export_proposal")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (
        *_VIEW, "records.upload_recordlist", "records.submit_recordlist", "records.download_recordlist_rows",
        "records.request_recordlist_undo", "records.tell_proposal", "records.claim_proposal",
    ),
    Role.REVIEWER: (*_VIEW, "records.approve_recordlist", "records.approve_recordlist_undo"),
    Role.AUDITOR: _VIEW,
}
#: The bureau's own record says what its statement of settlement would.
_IS_KNOWN = "EXISTS (SELECT FROM records_proposal p WHERE p.case_id = {case})"


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(WORDS)
    register_meanings(MEANINGS)
    register_import(RECORDS)
    register_holding(*HOLDINGS)
    register_known_paper(PaperKind.SETTLEMENT, _IS_KNOWN)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
