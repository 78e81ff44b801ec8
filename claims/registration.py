"""What this room tells the rooms below at start: verbs, permissions, blind indexes, what keeps a cover, which covers were paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grant_permissions
from audit import blind_index, events
from beneficiaries.holdings import register_holding
from beneficiaries.registration import Keeper, register_keeper
from claims import flag_registration, letter_registration, panels, term_registration
from claims.held import HOLDINGS
from claims.models import ACCOUNT, Case, Outcome, PaperKind, Payee, RecoveryKind
from claims.month import COUNTINGS, OPEN_POINTS
from claims.verbs import VERBS
from continuity.claims import register_paid
from programs.benefit_terms import engine_language
from programs.months import register_month
from programs.period_claims import register_claims_paid

_BACK = ("claims.view_recovery", "claims.export_recovery")
_VIEW = (
    "claims.view_claim", "claims.export_claim", "claims.view_case", "claims.view_bill", "claims.view_payable",
    "claims.export_payable", "claims.view_signingthreshold", *_BACK,
)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (
        *_VIEW, "claims.report_claim", "claims.handle_claim", "claims.hand_over_claim", "claims.open_paper",
        "claims.propose_threshold",
    ),
    Role.REVIEWER: (
        *_VIEW, "claims.sign_decision", "claims.countersign_decision", "claims.explain_bill", "claims.assign_claim",
        "claims.hand_over_claim", "claims.open_paper", "claims.review_account", "claims.decide_threshold",
    ),
    Role.FINANCE_MAKER: ("claims.view_payable", "claims.export_payable", *_BACK, "claims.record_recovery"),
    Role.FINANCE_CHECKER: (*_VIEW, "claims.countersign_decision", "claims.confirm_recovery"),
    Role.AUDITOR: (*_VIEW, "claims.open_paper"),
}
#: A claim that is paid, or is going to be. Its name is none that a cover has where it is asked.
_PAID = """EXISTS (
    SELECT FROM claims_claim told WHERE told.enrollment_id = {cover} AND told.amount > 0 AND told.settlement IS NOT NULL)"""
#: Of a period: what went out, less what came back; null where nobody reported a claim.
_PAID_OF_PERIOD = """
SELECT CASE WHEN count(*) > 0 THEN coalesce(sum(moved.amount), 0.00) END
FROM claims_claim c LEFT JOIN LATERAL (
    SELECT sum(CASE p.kind WHEN 'payout' THEN p.amount ELSE -p.received END) AS amount
    FROM claims_payable p WHERE p.claim_id = c.id AND (p.kind = 'reclaim' OR p.state = 'paid')
) moved ON true
WHERE c.period_id = %(period)s
"""
_HAS_CLAIM = "EXISTS (SELECT FROM claims_claim c WHERE c.enrollment_id = e.id AND c.state NOT IN ('withdrawn', 'declined'))"


def _kinds(data: Mapping[str, Any]) -> Mapping[str, str]:
    said = data["kinds"] if "kinds" in data else [data["kind"]]
    words = ", ".join(str(PaperKind(kind).label) for kind in said)
    return {"kinds": words, "kind": words}


#: Codes that events keep, in words.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "case.changed": lambda data: {
        "fields": ", ".join(str(getattr(Case._meta.get_field(name), "verbose_name", name)) for name in data["fields"])
    },
    **dict.fromkeys(("case.marked", "case.bill_marked"), lambda data: {"marks": data[engine_language()]}),
    **{f"case.paper_{step}": _kinds for step in ("added", "removed", "opened", "destroyed")},
    "claim.papers_asked": _kinds,
    "claim.payee_stated": lambda data: {"payee": str(Payee(data["payee"]).label)},
    **{
        f"claim.recovery_{step}": lambda data: {"kind": str(RecoveryKind(data["kind"]).label)}
        for step in ("recorded", "confirmed", "declined")
    },
    **{f"claim.{step}": lambda data: {"outcome": str(Outcome(data["outcome"]).label)} for step in ("decision_proposed", "decided")},
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    for part in (term_registration, flag_registration, letter_registration):
        part.register()
    events.register_words(EVENT_WORDS)
    for label in ("claims.Claim", "claims.Payable"):
        blind_index.register(blind_index.BlindIndex(ACCOUNT, label, "account_index", _account_of))
    register_keeper(Keeper("HAS_CLAIM", _("a claim was made of the cover: it stays, with its money"), _HAS_CLAIM))
    register_holding(*HOLDINGS)
    register_paid(_PAID)
    register_claims_paid(_PAID_OF_PERIOD)
    register_month(COUNTINGS, OPEN_POINTS)
    panels.register()
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)


def _account_of(row: Any) -> str | None:
    return None if row.payee_account is None else str(row.payee_account.reveal())
