"""What this room tells the rooms below at start: verbs, permissions, panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.holdings import register_holding
from intake import findings
from intake.verbs import register_import
from outreach import panels
from outreach.held import HOLDINGS
from outreach.meanings import MEANINGS
from outreach.models import Topic
from outreach.reporting import template_of
from outreach.verbs import VERBS

_VIEW = (
    "outreach.view_messagewording", "outreach.view_sending", "outreach.export_messagewording", "outreach.export_sending",
    "outreach.view_deliveryreport", "outreach.export_deliveryreport",
)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (
        *_VIEW, "outreach.draft_wording", "outreach.propose_sending", "outreach.fetch_sending", "outreach.upload_report",
        "outreach.submit_report", "outreach.download_report_rows",
    ),
    Role.REVIEWER: (*_VIEW, "outreach.approve_wording", "outreach.release_sending", "outreach.approve_report"),
    Role.AUDITOR: _VIEW,
}


def _topic(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {"topic": str(Topic(data["topic"]).label)}


#: Occasions, which events keep as codes.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    **dict.fromkeys(("message_wording.drafted", "message_wording.approved", "message_wording.declined"), _topic),
    "sending.proposed": _topic,
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    findings.register_meanings(MEANINGS)
    register_import(template_of())
    register_holding(*HOLDINGS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
