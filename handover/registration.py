"""What this room tells the rooms below at start: verbs, permissions, panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.accepting import Asked, register_asked
from beneficiaries.evidence import register_evidence
from beneficiaries.holdings import register_holding
from beneficiaries.reopening import Bar, register_bar
from handover import panels
from handover.answers import RECEIPT
from handover.charging import INVOICE
from handover.choosing import TURN
from handover.evidence import EVIDENCE
from handover.held import HOLDINGS
from handover.meanings import MEANINGS
from handover.models import Covers, DecisionKind, Kind, Sides
from handover.month import LINES, OPEN_POINTS
from handover.verbs import VERBS
from intake import findings
from intake.verbs import register_import
from outreach.choosing import register_topic
from outreach.models import Topic
from programs.months import register_month

_VIEW = (
    "handover.view_insurerformat", "handover.view_handover", "handover.view_handoverline", "handover.view_receipt",
    "handover.export_insurerformat", "handover.export_handover", "handover.export_handoverline", "handover.export_receipt",
)
#: Lines masked, as all lists are: each is compared with the invoice's.
_PREMIUM = (
    "handover.view_handover", "handover.export_handover", "handover.view_handoverline", "handover.export_handoverline",
    "handover.view_invoice", "handover.export_invoice", "handover.view_remittance", "handover.export_remittance",
)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (
        *_VIEW, "handover.draft_format", "handover.propose_handover", "handover.download_handover", "handover.upload_receipt",
        "handover.submit_receipt", "handover.download_refused_receipt_rows",
    ),
    Role.REVIEWER: (
        *_VIEW, "handover.approve_format", "handover.release_handover", "handover.download_handover", "handover.approve_receipt",
    ),
    Role.FINANCE_MAKER: (
        *_PREMIUM, "handover.upload_invoice", "handover.submit_invoice", "handover.download_invoice_rows",
        "handover.prepare_remittance", "handover.confirm_remittance",
    ),
    Role.FINANCE_CHECKER: (*_PREMIUM, "handover.approve_invoice", "handover.approve_remittance"),
    Role.AUDITOR: tuple(dict.fromkeys((*_VIEW, *_PREMIUM))),
}


def _columns(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {"columns": "、".join(data["columns"])}


#: What events keep as codes.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "hand_over.proposed": lambda data: {"kind": str(Kind(data["kind"]).label)},
    "hand_over.released": _columns,
    "invoice.recorded": lambda data: {
        "covers": str(Covers(data["covers"]).label), "sides": str(Sides(data["sides"]).label),
    },
    **dict.fromkeys(
        ("invoice.lines_decided", "invoice.sum_decided"), lambda data: {"kind": str(DecisionKind(data["kind"]).label)}
    ),
}
#: A cover that the insurer has been told of stays paid for: its exit is another list's.
TOLD = Bar(
    "INSURER_TOLD", _("the cover has been handed over to the insurer"),
    """EXISTS (SELECT FROM handover_handoverline told WHERE told.enrollment_id = e.id AND told.direction = 'entry'
        AND told.stands AND told.answer <> 'refused')""",
)
#: Whom the insurer was told of without an answer yet: its receipt accepts them, nobody else does.
UNANSWERED = Asked(
    """EXISTS (SELECT FROM handover_handoverline told WHERE told.enrollment_id = e.id AND told.direction = 'entry'
        AND told.stands AND told.answer = '')""",
    TURN,
)
#: Whom the insurer refused, as an enrollment `e`: why is in no message.
REFUSED = """
EXISTS (SELECT FROM handover_handoverline refused WHERE refused.enrollment_id = e.id AND refused.direction = 'entry'
    AND refused.answer = 'refused' AND refused.stands)
"""


def register() -> None:
    """Called once from the app's `ready()`."""
    register_topic(Topic.REFUSED, REFUSED)
    events.register_verbs(VERBS)
    register_bar(TOLD)
    register_asked(UNANSWERED)
    register_month((LINES,), OPEN_POINTS)
    register_holding(*HOLDINGS)
    register_evidence(*EVIDENCE)
    events.register_words(EVENT_WORDS)
    findings.register_meanings(MEANINGS)
    register_import(RECEIPT)
    register_import(INVOICE)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
