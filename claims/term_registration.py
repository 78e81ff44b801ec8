"""What the calendar and the terms tell the rooms below at start: verbs, permissions, queues."""

from __future__ import annotations

from accounts.roles import Role, grant_permissions
from audit import events
from claims import term_panels
from claims.actions.service_terms import APPROVE, PROPOSE, STATE_LAW
from claims.term_verbs import EVENT_WORDS, VERBS

_READ = ("claims.view_holiday", "claims.view_serviceterm", "claims.export_serviceterm")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: _READ,
    # A promise is terms of the product, as money is: made by who makes, checked by who checks.
    Role.REVIEWER: (*_READ, APPROVE),
    Role.FINANCE_MAKER: (*_READ, PROPOSE),
    Role.FINANCE_CHECKER: _READ,
    Role.AUDITOR: _READ,
    Role.SYSTEM_ADMIN: (
        *_READ, "claims.add_holiday", "claims.change_holiday", "claims.import_holiday", "claims.export_holiday", STATE_LAW,
    ),
}


def register() -> None:
    """Called once from the room's registration."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    term_panels.register()
