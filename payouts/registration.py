"""What this room tells the rooms below at start: verbs, permissions, findings, panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _t

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.evidence import register_evidence
from beneficiaries.holdings import register_holding
from intake import findings
from intake.verbs import register_import
from payouts import panels
from payouts.evidence import EVIDENCE
from payouts.held import HOLDINGS
from payouts.meanings import MEANINGS
from payouts.models import Answer
from payouts.month import COUNTINGS, OPEN_POINTS
from payouts.returns import RETURN
from payouts.verbs import VERBS
from programs.months import register_month

_VIEW = tuple(
    f"payouts.{verb}_{model}" for verb in ("view", "export")
    for model in ("bankformat", "payeraccount", "approvalthreshold", "batch", "batchline", "bankreturn")
)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.FINANCE_MAKER: (
        *_VIEW, "payouts.draft_format", "payouts.draft_payer", "payouts.propose_threshold", "payouts.prepare_batch",
        "payouts.discard_batch",
        "payouts.download_batch", "payouts.upload_bankreturn", "payouts.submit_bankreturn", "payouts.download_bankreturn_rows",
    ),
    Role.FINANCE_CHECKER: (
        *_VIEW, "payouts.approve_format", "payouts.approve_payer", "payouts.decide_threshold", "payouts.check_batch",
        "payouts.discard_batch",
        "payouts.authorize_batch", "payouts.approve_bankreturn",
    ),
    Role.AUDITOR: _VIEW,
}


def _answer(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {"answer": str(Answer(data["answer"]).label)}


def _tests(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {"tests": _t("are verified by 0.01 yuan first") if data["tests"] else _t("are paid without being verified")}


#: What events keep as codes.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "payout_batch.downloaded": lambda data: {"columns": "、".join(data["columns"])},
    "payer_account.redrafted": _tests,
    **dict.fromkeys(
        ("payout_batch.enquired", "payout_batch.enquiry_confirmed", "payout_batch.enquiry_declined"), _answer
    ),
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    findings.register_meanings(MEANINGS)
    register_import(RETURN)
    register_holding(*HOLDINGS)
    register_evidence(*EVIDENCE)
    register_month(COUNTINGS, OPEN_POINTS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
