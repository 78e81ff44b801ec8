"""What flags tell the rooms below at start: verbs, permissions, the part of a claim's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grant_permissions
from audit import events, panels
from audit.panels import PagePanel, address
from claims.actions.flags import LOOK, SET_RULE
from claims.flags import flags_of
from claims.models.flag import FlagCode

VERBS = {
    "claim.flags_looked_at": _("Flags were looked at (%(codes)s): %(note)s"),
    "flag_rule.set": _("The rule for the flag “%(code)s” was set: %(active)s, number %(number)s, share %(share)s."),
}
_READ = ("claims.view_flagrule", "claims.export_flagrule")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_READ, LOOK),
    Role.REVIEWER: (*_READ, LOOK, SET_RULE),
    Role.FINANCE_MAKER: _READ,
    Role.FINANCE_CHECKER: _READ,
    Role.AUDITOR: _READ,
    Role.SYSTEM_ADMIN: (*_READ, SET_RULE),
}
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "claim.flags_looked_at": lambda data: {"codes": "、".join(str(FlagCode(code).label) for code in data["codes"])},
    "flag_rule.set": lambda data: {
        "code": str(FlagCode(data["code"]).label), "active": _t("asked") if data["active"] else _t("not asked"),
        "number": str(data["number"] or "—"), "share": data["share"] or "—",
    },
}


def _of_claim(claim: Any, user: Any) -> Mapping[str, Any]:
    flags = flags_of(claim)
    waits = any(flag.look is None for flag in flags)
    return {
        "flags": flags,
        "look_url": address(lambda: reverse("admin:claims_claim_look_at_flags", args=[claim.pk]))
        if waits and user.has_perm(LOOK) else "",
    }


PANEL = PagePanel(
    "claims.flags", _("Flags for a person"), "claims.claim", "claims.view_claim", _of_claim, "claims/flags.html", order=40
)


def register() -> None:
    """Called once from the room's registration."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register_page_panel(PANEL)
