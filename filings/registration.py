"""What this room tells the rooms below at start: verbs, findings, permissions, panels."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.holdings import register_holding
from filings import panels
from filings.holdings import HOLDINGS
from filings.meanings import MEANINGS
from filings.template import CLAIM_FILE
from filings.verbs import VERBS, WORDS
from intake.findings import register_meanings
from intake.verbs import register_import

_VIEW = ("filings.view_claimfile", "filings.export_claimfile")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (
        *_VIEW, "filings.upload_claimfile", "filings.submit_claimfile", "filings.download_claimfile_rows",
        "filings.request_claimfile_undo",
    ),
    Role.REVIEWER: (*_VIEW, "filings.approve_claimfile", "filings.approve_claimfile_undo"),
    Role.FINANCE_MAKER: _VIEW,
    Role.FINANCE_CHECKER: _VIEW,
    Role.AUDITOR: _VIEW,
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(WORDS)
    register_meanings(MEANINGS)
    register_import(CLAIM_FILE)
    register_holding(*HOLDINGS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
