"""What this room tells the rooms below at start: verbs, permissions, panels, what it holds about people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.holdings import register_holding
from complaints import panels
from complaints.held import HOLDINGS
from complaints.models import Kind, Outcome, Topic
from complaints.stepping import ANSWER, EXTEND, RECORD, WRITE
from complaints.verbs import VERBS

_VIEW = ("complaints.view_complaint", "complaints.export_complaint", "complaints.view_answerwording")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_VIEW, RECORD, EXTEND),
    Role.REVIEWER: (*_VIEW, ANSWER, EXTEND, WRITE),
    Role.AUDITOR: _VIEW,
}
#: Codes that events keep, in words.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "complaint.recorded": lambda data: {"kind": str(Kind(data["kind"]).label), "topic": str(Topic(data["topic"]).label)},
    "complaint.answered": lambda data: {"outcome": str(Outcome(data["outcome"]).label)},
    "complaint.letter_printed": lambda data: {"format": str(data["format"]).upper()},
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    register_holding(*HOLDINGS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
