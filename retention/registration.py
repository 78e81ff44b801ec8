"""What this room tells the rooms below at start: verbs, permissions, panels, files that are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.roles import Role, grant_permissions
from audit import events
from intake.actions import keep_files
from retention import panels
from retention.kept import without_kept
from retention.models import RunKind
from retention.terms import Kind, Unit
from retention.verbs import VERBS

_VIEW = tuple(
    f"retention.{verb}_{name}" for verb in ("view", "export")
    for name in ("retentionterm", "legalhold", "destructionrun", "destructionline")
)
GRANTS: dict[str, tuple[str, ...]] = {
    # 个人信息保护负责人: proposes and draws up; whoever checks in the office that operates the program releases (ADR 33).
    Role.SECURITY_ADMIN: (*_VIEW, "retention.propose_term", "retention.draw_up_run", "retention.place_hold"),
    Role.REVIEWER: (*_VIEW, "retention.approve_term", "retention.release_run"),
    Role.AUDITOR: (*_VIEW, "retention.place_hold"),
}


def _term_words(data: Mapping[str, Any]) -> Mapping[str, str]:
    said = {"kind": str(Kind(data["kind"]).label)}
    return {**said, "unit": str(Unit(data["unit"]).label)} if "unit" in data else said


EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    **dict.fromkeys(("term.proposed", "term.in_force", "term.declined"), _term_words),
    "destruction.drawn_up": lambda data: {"kind": str(RunKind(data["kind"]).label)},
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    keep_files(without_kept)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
