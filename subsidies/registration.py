"""What this room tells the rooms below at start: verbs, permissions, panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.evidence import register_evidence
from beneficiaries.holdings import register_holding
from beneficiaries.reopening import Bar, register_bar
from programs.months import register_month
from subsidies import panels
from subsidies.evidence import EVIDENCE
from subsidies.held import HOLDINGS
from subsidies.models.difference import DifferencesKind
from subsidies.models.movement import MovementKind
from subsidies.models.request import Verdict
from subsidies.month import COUNTINGS, OPEN_POINTS
from subsidies.verbs import VERBS

_NAMES = ("fundrequest", "fundrequestline", "fundmovement", "differences", "differenceline")
_VIEW = tuple(f"subsidies.{verb}_{name}" for verb in ("view", "export") for name in _NAMES)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.FINANCE_MAKER: (
        *_VIEW, "subsidies.make_request", "subsidies.record_movement", "subsidies.make_differences",
    ),
    Role.FINANCE_CHECKER: (
        *_VIEW, "subsidies.approve_request", "subsidies.confirm_movement", "subsidies.approve_differences",
    ),
    Role.AUDITOR: _VIEW,
}


def _kind(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {"kind": str(MovementKind(data["kind"]).label)}


#: What events keep as codes.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    **{f"funds.movement_{step}": _kind for step in ("recorded", "confirmed", "declined")},
    "funds.doubts_decided": lambda data: {"verdict": str(Verdict(data["verdict"]).label)},
    "funds.differences_made": lambda data: {"kind": str(DifferencesKind(data["kind"]).label)},
}
#: A payment whose money went back to the insured cannot be reversed.
GIVEN_BACK = Bar(
    "GIVEN_BACK", _("money was given back to the insured already"),
    """EXISTS (SELECT FROM subsidies_differenceline given WHERE given.enrollment_id = e.id AND given.stands
        AND given.funder_id IS NULL GROUP BY given.enrollment_id HAVING sum(given.amount) <> 0)""",
    is_of_money=True,
)


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    register_bar(GIVEN_BACK)
    register_month(COUNTINGS, OPEN_POINTS)
    register_holding(*HOLDINGS)
    register_evidence(*EVIDENCE)
    events.register_words(EVENT_WORDS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
