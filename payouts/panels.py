"""What this room adds: batches of a program, queues of the workbench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from intake.models import State
from payouts import choosing
from payouts.models import Batch, BatchLine, BatchState, EnquiryState, FormatState, PayerState, ThresholdState
from payouts.models.batch import REFERENCE

#: Rows that a panel shows.
SHOWN = 20
_BATCH, _RETURN, _FORMAT = "payouts.batch", "payouts.bankreturn", "payouts.bankformat"
_PAYER, _THRESHOLD = "payouts.payeraccount", "payouts.approvalthreshold"
_PREPARE, _CHECK, _AUTHORIZE = "payouts.prepare_batch", "payouts.check_batch", "payouts.authorize_batch"


def _unvoted(batches: Any, user: Any) -> Any:
    """Of which this reader has said nothing yet."""
    voted = Batch.objects.filter(votes__user=user, votes__stands=True)
    return batches.exclude(pk__in=voted.values("pk"))


def _to_check(batches: Any, user: Any) -> Any:
    return _unvoted(batches.visible_to(user, _CHECK).filter(state=BatchState.PREPARED), user)


def _to_authorize(batches: Any, user: Any) -> Any:
    return _unvoted(batches.visible_to(user, _AUTHORIZE).filter(state=BatchState.CHECKED), user)


def _to_release(batches: Any, user: Any) -> Any:
    return batches.visible_to(user, _PREPARE).filter(state__in=(BatchState.AUTHORIZED, BatchState.RELEASED))


def _unknown(batches: Any, user: Any) -> Any:
    return batches.visible_to(user, _PREPARE).filter(state=BatchState.UNKNOWN).exclude(enquiries__state=EnquiryState.PROPOSED)


def _to_confirm(batches: Any, user: Any) -> Any:
    waiting = batches.visible_to(user, _AUTHORIZE).filter(enquiries__state=EnquiryState.PROPOSED)
    return waiting.exclude(enquiries__state=EnquiryState.PROPOSED, enquiries__said_by=user)


def _unanswered(batches: Any, user: Any) -> Any:
    return batches.visible_to(user, "payouts.upload_bankreturn").filter(state=BatchState.SENT)


def _to_submit(returns: Any, user: Any) -> Any:
    return returns.visible_to(user, "payouts.submit_bankreturn").filter(state=State.REVIEW)


def _to_approve(returns: Any, user: Any) -> Any:
    waiting = returns.visible_to(user, "payouts.approve_bankreturn").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


def _formats(formats: Any, user: Any) -> Any:
    return formats.visible_to(user, "payouts.approve_format").filter(state=FormatState.DRAFT).exclude(drafted_by=user)


def _payers(payers: Any, user: Any) -> Any:
    return payers.visible_to(user, "payouts.approve_payer").filter(state=PayerState.DRAFT).exclude(drafted_by=user)


def _thresholds(thresholds: Any, user: Any) -> Any:
    waiting = thresholds.visible_to(user, "payouts.decide_threshold").filter(state=ThresholdState.PROPOSED)
    return waiting.exclude(proposed_by=user)


def _to_verify(payers: Any, user: Any) -> Any:
    """Where payouts wait until accounts are verified, and nobody has begun."""
    found = payers.visible_to(user, _PREPARE).filter(state=PayerState.APPROVED, tests_accounts=True)
    return found.filter(pk__in=[key for key, each in choosing.waiting(found).items() if each.accounts])


QUEUES = (
    queue_of(_BATCH, "payouts.unknown", _("Payout files of which it is not known whether the bank has them"), _PREPARE,
        _unknown, Urgency.NOW),
    queue_of(_BATCH, "payouts.to_check", _("Payout batches to check"), _CHECK, _to_check, Urgency.NOW),
    queue_of(_BATCH, "payouts.to_authorize", _("Payout batches to authorize"), _AUTHORIZE, _to_authorize, Urgency.NOW),
    queue_of(_BATCH, "payouts.to_confirm", _("Answers of banks to confirm"), _AUTHORIZE, _to_confirm, Urgency.NOW),
    queue_of(_RETURN, "payouts.to_approve", _("Returned files to approve"), "payouts.approve_bankreturn", _to_approve, Urgency.NOW),
    queue_of(_BATCH, "payouts.to_release", _("Payout batches to release and send"), _PREPARE, _to_release),
    queue_of(_PAYER, "payouts.to_verify", _("Paying accounts with payees' accounts to verify"), _PREPARE, _to_verify),
    queue_of(_RETURN, "payouts.to_submit", _("Returned files to review"), "payouts.submit_bankreturn", _to_submit),
    queue_of(_FORMAT, "payouts.formats", _("Banks' formats to approve"), "payouts.approve_format", _formats),
    queue_of(_PAYER, "payouts.payers", _("Paying accounts to approve"), "payouts.approve_payer", _payers),
    queue_of(_THRESHOLD, "payouts.thresholds", _("Approval thresholds to decide"), "payouts.decide_threshold", _thresholds),
    queue_of(
        _BATCH, "payouts.unanswered", _("Payout batches that wait for the bank's results"), "payouts.upload_bankreturn",
        _unanswered,
        Urgency.CALM,
    ),
)


def _program(program: Any, user: Any) -> Mapping[str, Any]:
    seen = Batch.objects.visible_to(user, "payouts.view_batch").filter(program=program)
    prepares = user.has_perm(_PREPARE)
    return {
        "batches": [(batch, reverse("admin:payouts_batch_change", args=[batch.pk])) for batch in seen[:SHOWN]],
        "prepare_url": reverse("admin:payouts_batch_prepare") if prepares else "",
    }


def _claim(claim: Any, user: Any) -> Mapping[str, Any]:
    """Lines of the claim with what became of them, and whether its account is to be verified before it is paid."""
    lines = BatchLine.objects.visible_to(user, "payouts.view_batchline").filter(payable__claim=claim)
    opens, sees = user.has_perm("payouts.view_batch"), user.has_perm("payouts.view_batchline")
    return {
        "waits": [REFERENCE.format(batch) if batch else "" for _payable, batch in choosing.untested_of(claim.pk)],
        "lines": [
            (line, reverse("admin:payouts_batch_change", args=[line.batch_id]) if opens else "")
            for line in (lines.select_related("batch").order_by("-pk")[:SHOWN] if sees else ())
        ],
    }


PANELS = (
    PagePanel("payouts.claim", _("Payment by the bank"), "claims.claim", "claims.view_claim", _claim, "payouts/claim.html", 12),
    PagePanel("payouts.program", _("Payouts"), "programs.program", "payouts.view_batch", _program, "payouts/program.html", 40),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
