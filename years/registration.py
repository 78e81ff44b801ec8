"""What this room tells the rooms below at start: verbs, permissions, panels."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.holdings import register_holding
from years import panels
from years.held import HOLDINGS
from years.verbs import VERBS

_VIEW = ("years.view_comparison", "years.view_yearcount", "years.export_comparison")
_PEOPLE = ("years.view_yearleft", "years.export_yearleft")
_REVIEWS = ("years.view_planreview", "years.export_planreview")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_VIEW, *_PEOPLE, "years.count_comparison"),
    Role.REVIEWER: (*_VIEW, *_PEOPLE, "years.count_comparison"),
    Role.FINANCE_MAKER: (*_VIEW, *_REVIEWS, "years.draw_up_review"),
    Role.FINANCE_CHECKER: (*_VIEW, *_REVIEWS, "years.approve_review"),
    Role.AUDITOR: (*_VIEW, *_PEOPLE, *_REVIEWS),
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    register_holding(*HOLDINGS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
