"""What this room tells the rooms below at start: verbs, permissions, panels, files that are held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.roles import Role, grant_permissions
from audit import events
from intake.actions import keep_files
from retention import panels
from retention.models import LegalHold, RunKind
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


def without_held(files: QuerySet, at: datetime) -> QuerySet:
    """Files whose time is over, without those that a legal hold keeps: of an organization, a program or a roster."""
    held = LegalHold.objects.standing(on=timezone.localdate(at))
    kept = Q(pk__in=[])
    for hold in held.select_related("held_organization"):
        if hold.held_organization is not None:
            kept |= Q(organization__path__startswith=hold.held_organization.path)
        if hold.roster_id is not None:
            kept |= Q(rosters=hold.roster_id)
        if hold.held_program_id is not None:
            for name in ("rosters", "statements", "receipts", "invoices"):
                kept |= Q(**{f"{name}__program": hold.held_program_id})
        if hold.person_id is not None:
            kept |= Q(rosters__enrollments__person=hold.person_id)
    return files.exclude(pk__in=files.filter(kept).values("pk")) if held.exists() else files


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    keep_files(without_held)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
