"""What this room tells the rooms below at start: verbs and permissions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.roles import Role, grant_permissions
from audit import events
from audit.naming import field_in_words
from programs import panels
from programs.models import PaperKind
from programs.verbs import VERBS

_TERMS = (
    "programs.view_program", "programs.view_plan", "programs.view_period", "programs.view_category", "programs.view_hospital",
    "programs.view_code",
)
#: What a plan is filed with, to be opened.
_PAPERS = ("programs.view_planpaper",)
_MONEY = (
    "programs.view_funder", "programs.view_budget", "programs.view_budgetreservation", "programs.view_ledgeraccount",
    "programs.view_ledgertransaction", "programs.view_statement",
)
#: What a role reads it may export, funding schemes with their plans.
_EXPORT_TERMS = (
    "programs.export_program", "programs.export_plan", "programs.export_period", "programs.export_fundingscheme",
)
_EXPORT_MONEY = (
    "programs.export_funder", "programs.export_budget", "programs.export_budgetreservation", "programs.export_ledgeraccount",
    "programs.export_ledgertransaction",
)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_TERMS, *_EXPORT_TERMS),
    Role.REVIEWER: (
        *_TERMS, *_EXPORT_TERMS, *_PAPERS, "programs.view_budget", "programs.view_funder", "programs.open_period",
        "programs.export_budget", "programs.export_funder",
    ),
    Role.FINANCE_MAKER: (
        *_TERMS, *_PAPERS, *_MONEY, *_EXPORT_TERMS, *_EXPORT_MONEY, "programs.add_plan", "programs.change_plan",
        "programs.submit_plan", "programs.propose_budget",
    ),
    Role.FINANCE_CHECKER: (
        *_TERMS, *_PAPERS, *_MONEY, *_EXPORT_TERMS, *_EXPORT_MONEY, "programs.approve_plan", "programs.approve_budget",
    ),
    Role.AUDITOR: (*_TERMS, *_PAPERS, *_MONEY, *_EXPORT_TERMS, *_EXPORT_MONEY),
    Role.SYSTEM_ADMIN: (
        "programs.view_program", "programs.add_program", "programs.change_program", "programs.view_category",
        "programs.add_category", "programs.change_category", "programs.import_category", "programs.export_category",
        "programs.view_hospital", "programs.add_hospital", "programs.change_hospital", "programs.import_hospital",
        "programs.export_hospital", "programs.view_code", "programs.add_code", "programs.change_code", "programs.import_code",
        "programs.export_code", "programs.view_funder", "programs.add_funder", "programs.change_funder",
        "programs.export_program", "programs.export_funder",
    ),
}


def _changed_fields(label: str) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    return lambda data: {"fields": "、".join(field_in_words(label, name) for name in data["fields"])}


def _paper_in_words(data: Mapping[str, Any]) -> dict[str, str]:
    return {"kind": str(PaperKind(data["kind"]).label)}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    changed = ("category", "hospital", "code")
    events.register_words({f"{name}.changed": _changed_fields(f"programs.{name}") for name in changed})
    events.register_words({f"plan.paper_{what}": _paper_in_words for what in ("added", "removed", "opened")})
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
