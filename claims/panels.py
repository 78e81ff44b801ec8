"""What this room adds: a person's and a cover's claims, queues of the workbench."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.offices import offices_named
from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from claims.admin.words import state_badge, yuan
from claims.models import (
    Claim,
    CoverUsage,
    Decision,
    DecisionState,
    Payable,
    PayableKind,
    PayableState,
    Recovery,
    RecoveryState,
    Signature,
    SigningThreshold,
    Standing,
)
from claims.models.bill import Bill
from claims.rules.states import OPEN, State

VIEW, REPORT, HANDLE, SIGN = "claims.view_claim", "claims.report_claim", "claims.handle_claim", "claims.sign_decision"
RECORD, CONFIRM = "claims.record_recovery", "claims.confirm_recovery"
#: Claims that a panel shows.
SHOWN = 20
#: Days before its day that a claim is near it.
NEAR = timedelta(days=1)
#: Signatures of the decision that is asked about.
_GIVEN = Signature.objects.filter(decision=OuterRef("pk"))


def _within(rows: Any, user: Any, permission: str) -> Any:
    return rows.visible_to(user, permission, offices=offices_named(user, permission))


def _in(permission: str, *states: State) -> Callable[[Any, Any], Any]:
    return lambda claims, user: _within(claims, user, permission).filter(state__in=states)


def _near(claims: Any, user: Any) -> Any:
    return _within(claims, user, HANDLE).filter(state__in=OPEN, due_on__lte=timezone.localdate() + NEAR)


def _to_pay(payables: Any, user: Any) -> Any:
    """Payouts of claims whose day to be paid is so near: those claims are found first, by their own index, and bounded."""
    last = timezone.localdate() + NEAR
    near = _within(Claim.objects.all(), user, RECORD).filter(state=State.PAYABLE, due_on__lte=last).order_by("due_on", "id")
    unpaid = payables.filter(
        kind=PayableKind.PAYOUT, state__in=(PayableState.OPEN, PayableState.IN_PAYMENT, PayableState.FAILED)
    )
    return _within(unpaid, user, RECORD).filter(claim__in=near.values("pk")[: panels.MOST + 1])


def _mine(claims: Any, user: Any) -> Any:
    return _within(claims, user, HANDLE).filter(state__in=(State.REVIEW, State.INVESTIGATION), handler=user)


def _to_sign(claims: Any, user: Any) -> Any:
    waiting = Decision.objects.filter(claim=OuterRef("pk"), state=DecisionState.PROPOSED).exclude(proposed_by=user)
    return _within(claims, user, SIGN).filter(Exists(waiting.filter(~Exists(_GIVEN))), state=State.ASSESSED)


def _to_countersign(claims: Any, user: Any) -> Any:
    # One after the other: who has not signed yet, where the first has and the last has not.
    waiting = Decision.objects.filter(
        Exists(_GIVEN.filter(step=1)), ~Exists(_GIVEN.filter(step=OuterRef("signatures_needed"))), ~Exists(_GIVEN.filter(by=user)),
        claim=OuterRef("pk"), state=DecisionState.PROPOSED,
    ).exclude(proposed_by=user)
    return _within(claims, user, "claims.countersign_decision").filter(Exists(waiting), state=State.ASSESSED)


def _bills(claims: Any, user: Any) -> Any:
    doubled = Bill.objects.filter(case=OuterRef("case"), standing=Standing.DOUBLED).exclude(entered_by=user)
    return _within(claims, user, "claims.explain_bill").filter(Exists(doubled), state__in=OPEN)


def _failed(claims: Any, user: Any) -> Any:
    failed = Payable.objects.filter(claim=OuterRef("pk"), state=PayableState.FAILED, kind="payout")
    return _within(claims, user, REPORT).filter(Exists(failed), state=State.PAYABLE)


def _asked_back(payables: Any, user: Any) -> Any:
    return _within(payables, user, RECORD).filter(kind=PayableKind.RECLAIM, state=PayableState.OPEN)


def _to_confirm(recoveries: Any, user: Any) -> Any:
    return _within(recoveries, user, CONFIRM).filter(state=RecoveryState.PROPOSED).exclude(made_by=user)


def _thresholds(thresholds: Any, user: Any) -> Any:
    waiting = thresholds.visible_to(user, "claims.decide_threshold").filter(state=SigningThreshold.State.PROPOSED)
    return waiting.exclude(proposed_by=user)


_CLAIM = "claims.claim"
QUEUES = (
    queue_of(_CLAIM, "claims.near", _("Claims that are due today or tomorrow, or overdue"), HANDLE, _near, Urgency.NOW),
    queue_of(_CLAIM, "claims.to_sign", _("Decisions of claims to sign"), SIGN, _to_sign, Urgency.NOW),
    queue_of(
        _CLAIM, "claims.to_countersign", _("Decisions of large sums to sign as second or third"), "claims.countersign_decision",
        _to_countersign, Urgency.NOW,
    ),
    queue_of(
        _CLAIM, "claims.reported", _("Reported claims to accept and file"), HANDLE, _in(HANDLE, State.REPORTED, State.ACCEPTED)
    ),
    queue_of(_CLAIM, "claims.registered", _("Filed claims that nobody has taken yet"), HANDLE, _in(HANDLE, State.REGISTERED)),
    queue_of(_CLAIM, "claims.mine", _("Claims in your hands"), HANDLE, _mine),
    queue_of(_CLAIM, "claims.waiting", _("Claims that wait for papers"), HANDLE, _in(HANDLE, State.WAITING), Urgency.CALM),
    queue_of(
        _CLAIM, "claims.doubled", _("Invoices presented elsewhere, to be looked at"), "claims.explain_bill", _bills, Urgency.NOW
    ),
    queue_of(_CLAIM, "claims.failed", _("Payments that the bank did not make: accounts to correct"), REPORT, _failed, Urgency.NOW),
    queue_of(
        "claims.payable", "claims.to_pay", _("Payments that are due today or tomorrow, or overdue"), RECORD, _to_pay, Urgency.NOW
    ),
    queue_of("claims.payable", "claims.asked_back", _("Amounts asked back that have not come in"), RECORD, _asked_back),
    queue_of(
        "claims.recovery", "claims.recoveries_to_confirm", _("Records of amounts asked back to confirm"), CONFIRM, _to_confirm,
        Urgency.NOW,
    ),
    queue_of(
        "claims.signingthreshold", "claims.thresholds", _("Thresholds of signatures to approve"), "claims.decide_threshold",
        _thresholds,
    ),
)


def _rows(claims: Any) -> list[tuple[Any, str, Any, str]]:
    shown = claims.select_related("case", "program").order_by("-pk")[:SHOWN]
    return [(each, reverse("admin:claims_claim_change", args=[each.pk]), state_badge(each), yuan(each.amount)) for each in shown]


def _of_person(person: Any, user: Any) -> Mapping[str, Any]:
    return {"claims": _rows(Claim.objects.visible_to(user, VIEW).filter(enrollment__person=person)), "url": "", "paid": ""}


def _of_cover(cover: Any, user: Any) -> Mapping[str, Any]:
    address = f"{reverse('admin:claims_claim_report')}?{urlencode({'cover': cover.number})}"
    usage = CoverUsage.objects.filter(enrollment=cover.pk).first()
    return {
        "claims": _rows(Claim.objects.visible_to(user, VIEW).filter(enrollment=cover.pk)),
        "url": address if user.has_perm(REPORT) else "", "paid": yuan(usage.paid) if usage is not None and usage.paid else "",
    }


def _of_payable(payable: Payable, user: Any) -> Mapping[str, Any]:
    """What became of an amount asked back; a payout shows nothing."""
    rows = Recovery.objects.visible_to(user, "claims.view_recovery").filter(payable=payable)
    return {
        "asked": payable.kind == PayableKind.RECLAIM,
        "rows": [
            (each, reverse("admin:claims_recovery_change", args=[each.pk]), yuan(each.amount))
            for each in rows.select_related("made_by", "decided_by").order_by("pk")
        ],
    }


PANELS = (
    PagePanel(
        "claims.recoveries", _("What became of it"), "claims.payable", "claims.view_recovery", _of_payable,
        "claims/recoveries.html", 10,
    ),
    PagePanel("claims.of_person", _("Claims of the person"), "beneficiaries.person", VIEW, _of_person, "claims/panel.html", 14),
    PagePanel("claims.of_cover", _("Claims of the cover"), "beneficiaries.enrollment", VIEW, _of_cover, "claims/panel.html", 14),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
