"""What this room tells the rooms below at start: verbs, permissions, panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.employing import register_billing
from beneficiaries.evidence import register_evidence
from beneficiaries.holdings import register_holding
from beneficiaries.own_payers import register_own_paid
from gates import panels
from gates.actions import draw_up_bill
from gates.evidence import EVIDENCE
from gates.held import HOLDINGS
from gates.matching import STATEMENT
from gates.meanings import MEANINGS
from gates.models import ClearingKind, LineDecision, ObjectionReason
from gates.month import OPEN_POINTS, PAYMENTS
from gates.paid_by import OWN_PAID
from gates.verbs import VERBS
from intake import findings
from intake.verbs import register_import
from programs.months import register_month

_VIEW = ("gates.view_board", "gates.view_notice", "gates.view_objection", "gates.export_notice", "gates.export_objection")
#: Masked, as all lists are.
_MONEY = (
    "gates.view_board", "gates.view_unpaid", "gates.view_ownpayment", "gates.export_unpaid", "gates.export_ownpayment",
    "gates.view_statement", "gates.export_statement", "gates.view_heldpayment", "gates.export_heldpayment",
    "gates.view_uncollected", "gates.export_uncollected",
    "gates.view_employerbill", "gates.export_employerbill",
    "gates.view_clearing", "gates.export_clearing", "gates.view_clearingline", "gates.export_clearingline",
)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (
        *_VIEW, *_MONEY, "gates.make_notice", "gates.print_notice", "gates.close_notice", "gates.record_objection",
    ),
    Role.REVIEWER: (
        *_VIEW, *_MONEY, "gates.post_notice", "gates.print_notice", "gates.close_notice", "gates.decide_objection",
    ),
    Role.FINANCE_MAKER: (
        *_MONEY, "gates.record_payment", "gates.upload_statement", "gates.submit_statement", "gates.download_statement_rows",
        "gates.propose_clearing", "gates.fetch_clearing", "gates.record_bill_payment",
    ),
    Role.FINANCE_CHECKER: (
        *_MONEY, "gates.approve_statement", "gates.approve_clearing", "gates.confirm_bill_payment",
    ),
    Role.AUDITOR: (*_VIEW, *_MONEY),
}


#: Reasons, which events keep as codes.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "objection.recorded": lambda data: {"reason": str(ObjectionReason(data["reason"]).label)},
    "statement.decided": lambda data: {"kind": str(LineDecision(data["kind"]).label)},
    "clearing.proposed": lambda data: {"kind": str(ClearingKind(data["kind"]).label)},
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    register_month((PAYMENTS,), OPEN_POINTS)
    events.register_words(EVENT_WORDS)
    register_holding(*HOLDINGS)
    register_evidence(*EVIDENCE)
    register_own_paid(OWN_PAID)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    findings.register_meanings(MEANINGS)
    register_import(STATEMENT)
    register_billing(lambda roster, at: draw_up_bill(roster, at=at))
    panels.register()
