"""What this room adds: the board of a period, the standing of a roster, a person's notices, queues of the workbench."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from beneficiaries.gating import Gate
from beneficiaries.models import Enrollment
from beneficiaries.whereabouts import number_of
from gates.board import VIEW, board_of, has_numbers, line_of_roster
from gates.models import (
    Arrival,
    BillPayment,
    ClearingKind,
    ClearingLine,
    ClearingState,
    EmployerBill,
    HeldState,
    Notice,
    NoticeLine,
    NoticeState,
    Objection,
    ObjectionState,
    Outcome,
    OwnPayment,
    OwnPaymentLine,
    Statement,
    Unpaid,
    lines_of,
)
from gates.reconciliation import VIEW as RECONCILE
from gates.reconciliation import reconciliation_of
from intake.models import State

#: Notices and objections that a panel shows.
SHOWN = 20
_NOTICE, _OBJECTION = "gates.notice", "gates.objection"


def _to_post(notices: Any, user: Any) -> Any:
    drafts = notices.visible_to(user, "gates.post_notice").filter(state=NoticeState.DRAFT)
    return drafts.filter(starts_on__gte=timezone.localdate()).exclude(made_by=user)


def _to_decide(objections: Any, user: Any) -> Any:
    waiting = objections.visible_to(user, "gates.decide_objection").filter(state=ObjectionState.OPEN)
    return waiting.exclude(received_by=user)


def _hanging(notices: Any, user: Any) -> Any:
    return notices.visible_to(user, "gates.close_notice").filter(state__in=(NoticeState.POSTED, NoticeState.CLOSING))


def _unpaid(rows: Any, user: Any) -> Any:
    return rows.visible_to(user, "gates.record_payment").filter(period__enrollment_closes_on__gt=timezone.localdate())


def _unpaid_counted(user: Any) -> int | None:
    return number_of(
        Unpaid, user, "gates.record_payment", {panels.QUEUE_PARAMETER: "gates.unpaid"}, gate=Gate.OWN_PAYMENT
    )


def _statements(permission: str, *states: State) -> Callable[[Any, Any], Any]:
    return lambda statements, user: statements.visible_to(user, permission).filter(state__in=states)


def _statements_to_approve(statements: Any, user: Any) -> Any:
    waiting = statements.visible_to(user, "gates.approve_statement").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


def _clearings(permission: str, *states: ClearingState) -> Callable[[Any, Any], Any]:
    return lambda clearings, user: clearings.visible_to(user, permission).filter(state__in=states)


def _clearings_to_approve(clearings: Any, user: Any) -> Any:
    return _clearings("gates.approve_clearing", ClearingState.PROPOSED)(clearings, user).exclude(proposed_by=user)


def _at_the_bank(clearings: Any, user: Any) -> Any:
    found = _clearings("gates.propose_clearing", ClearingState.APPROVED)(clearings, user)
    return found.filter(kind=ClearingKind.RETURN)


def _to_clear(held: Any, user: Any) -> Any:
    return held.visible_to(user, "gates.propose_clearing").filter(state=HeldState.HELD)


def _uncollected(purchases: Any, user: Any) -> Any:
    return purchases.visible_to(user, "gates.upload_statement").filter(period__closed_at=None)


def _bills_unpaid(bills: Any, user: Any) -> Any:
    unpaid = bills.visible_to(user, "gates.record_bill_payment").filter(period__enrollment_closes_on__gt=timezone.localdate())
    waiting = BillPayment.objects.filter(bill=OuterRef("pk"), state=BillPayment.State.PROPOSED)
    return unpaid.unpaid().exclude(Exists(waiting))


def _bills_to_confirm(bills: Any, user: Any) -> Any:
    waiting = BillPayment.objects.filter(bill=OuterRef("pk"), state=BillPayment.State.PROPOSED).exclude(recorded_by=user.pk)
    return bills.visible_to(user, "gates.confirm_bill_payment").filter(Exists(waiting))


_STATEMENT, _CLEARING = "gates.statement", "gates.clearing"
QUEUES = (
    queue_of(
        _CLEARING, "gates.clearings_to_approve", _("Clearings of held money and reversals to approve"), "gates.approve_clearing",
        _clearings_to_approve, Urgency.NOW,
    ),
    queue_of(
        _CLEARING, "gates.returns_at_the_bank", _("Lists of money to be given back: at the bank"), "gates.propose_clearing",
        _at_the_bank,
    ),
    queue_of(
        "gates.employerbill", "gates.bills_to_confirm", _("Payments of employers' bills to confirm"), "gates.confirm_bill_payment",
        _bills_to_confirm, Urgency.NOW,
    ),
    queue_of(
        "gates.employerbill", "gates.bills_unpaid", _("Employers' bills to be paid"), "gates.record_bill_payment", _bills_unpaid,
    ),
    queue_of(
        "gates.heldpayment", "gates.held_to_clear", _("Held payments to be cleared"), "gates.propose_clearing", _to_clear,
    ),
    queue_of(
        _STATEMENT, "gates.statements_to_approve", _("Collection statements to approve"), "gates.approve_statement",
        _statements_to_approve, Urgency.NOW,
    ),
    queue_of(
        _STATEMENT, "gates.statements_to_submit", _("Checked collection statements to review and submit"),
        "gates.submit_statement", _statements("gates.submit_statement", State.REVIEW),
    ),
    queue_of(
        _STATEMENT, "gates.statements_unreadable", _("Collection statements that were not taken in"), "gates.upload_statement",
        _statements("gates.upload_statement", State.FAILED),
    ),
    queue_of(
        "gates.uncollected", "gates.uncollected", _("Enrolled and paid, not arrived yet"), "gates.upload_statement", _uncollected,
        Urgency.CALM,
    ),
    queue_of(
        _OBJECTION, "gates.objections", _("Objections to decide"), "gates.decide_objection", _to_decide, Urgency.NOW
    ),
    queue_of(_NOTICE, "gates.to_post", _("Public notices to post"), "gates.post_notice", _to_post, Urgency.NOW),
    queue_of(
        "gates.unpaid", "gates.unpaid", _("People who have not paid"), "gates.record_payment", _unpaid, counted=_unpaid_counted
    ),
    queue_of(_NOTICE, "gates.hanging", _("Public notices that hang"), "gates.close_notice", _hanging, Urgency.CALM),
)


def _board(period: Any, user: Any) -> Mapping[str, Any]:
    return {"board": board_of(period, user)}


def _roster(roster: Any, user: Any) -> Mapping[str, Any]:
    headings, line = line_of_roster(roster, user)
    notices = Notice.objects.visible_to(user, "gates.view_notice").filter(roster=roster)[:SHOWN]
    return {"headings": headings, "line": line, "stands": has_numbers([line]), "notices": _linked(notices, "gates_notice")}


def _person(person: Any, user: Any) -> Mapping[str, Any]:
    covers = list(Enrollment.objects.filter(person=person).values_list("pk", flat=True))
    # Both kinds by name: each has its index.
    either = Q(enrollment__in=covers, stands=True) | Q(enrollment__in=covers, stands=False)
    lines = NoticeLine.objects.visible_to(user, "gates.view_notice").filter(either)
    objections = Objection.objects.visible_to(user, "gates.view_objection").filter(enrollment__in=covers)
    return {
        "lines": [
            (line, reverse("admin:gates_notice_change", args=[line.notice_id]))
            for line in lines.select_related("notice").order_by("-pk")[:SHOWN]
        ],
        "objections": _linked(objections[:SHOWN], "gates_objection"),
    }


def _arrival(enrollment: Any, user: Any) -> Mapping[str, Any]:
    """Of a cover that came with its payment: the line that shows it, or that none does yet."""
    purchase = enrollment.purchase
    if purchase is None or not purchase.payment_reference or not enrollment.own_share:
        return {}
    found = Arrival.objects.visible_to(user, "gates.view_ownpayment").filter(purchase=purchase)
    arrival = found.standing().select_related("statement").first()
    if arrival is None:
        lines = ClearingLine.objects.visible_to(user, "gates.view_ownpayment").filter(purchase=purchase, outcome=Outcome.DONE)
        given_up = lines.select_related("clearing").first()
        mistaken = found.exclude(reversed_by=None).select_related("statement", "reversed_by").order_by("-pk").first()
        return {"bought": purchase, "given_up": given_up, "mistaken": mistaken}
    seen = Statement.objects.visible_to(user, "gates.view_statement").filter(pk=arrival.statement_id).exists()
    page = reverse("admin:gates_statement_change", args=[arrival.statement_id])
    line = f"{page}?row={arrival.row_id}#row-{arrival.row_id}"
    return {"bought": purchase, "arrival": arrival, "arrival_url": line if seen else ""}


def _payment(enrollment: Any, user: Any) -> Mapping[str, Any]:
    own = OwnPaymentLine.objects.visible_to(user, "gates.view_ownpayment").filter(pk__in=lines_of([enrollment.pk]).values("pk"))
    named = ("payment__sponsor", "payment__clearing", "payment__of_bill__bill__employer", "reversed_by")
    lines = list(own.select_related(*named).order_by("pk"))
    payments = {line.payment_id for line in lines}
    seen = set(
        OwnPayment.objects.visible_to(user, "gates.view_ownpayment").filter(pk__in=payments).values_list("pk", flat=True)
    )
    wanted = {statement for line in lines if (statement := _statement_of(line.payment)) is not None}
    statements = set(
        Statement.objects.visible_to(user, "gates.view_statement").filter(pk__in=wanted).values_list("pk", flat=True)
    )
    return {
        **_arrival(enrollment, user), **_bill(enrollment, user),
        "payments": [
            (
                line, reverse("admin:gates_ownpayment_change", args=[line.payment_id]) if line.payment_id in seen else "",
                _line_of(line) if _statement_of(line.payment) in statements else "",
            )
            for line in lines
        ]
    }


def _bill(enrollment: Any, user: Any) -> Mapping[str, Any]:
    """Of a cover that an employer pays for: its bill."""
    if enrollment.roster_id is None:
        return {}
    bills = EmployerBill.objects.visible_to(user, "gates.view_employerbill").filter(roster=enrollment.roster_id)
    bill = bills.select_related("employer", "program", "period").first()
    return {"bill": bill, "bill_url": reverse("admin:gates_employerbill_change", args=[bill.pk])} if bill is not None else {}


def _statement_of(payment: Any) -> int | None:
    """The statement that said so, by itself or by a clearing of what it left held."""
    found: int | None = payment.clearing.statement_id if payment.clearing is not None else payment.statement_id
    return found


def _line_of(line: Any) -> str:
    """The address of the line of a statement that said so."""
    page = reverse("admin:gates_statement_change", args=[_statement_of(line.payment)])
    return f"{page}?row={line.row_id}#row-{line.row_id}"


def _reconciliation(period: Any, user: Any) -> Mapping[str, Any]:
    return {"found": reconciliation_of(period, user)}


def _linked(rows: Any, name: str) -> list[tuple[Any, str]]:
    return [(row, reverse(f"admin:{name}_change", args=[row.pk])) for row in rows]


PANELS = (
    PagePanel("gates.board", _("Who waits where"), "programs.period", VIEW, _board, "gates/board.html", 10),
    PagePanel(
        "gates.reconciliation", _("Reconciliation of own payments"), "programs.period", RECONCILE, _reconciliation,
        "gates/reconciliation.html", 15,
    ),
    PagePanel("gates.roster", _("Who waits where"), "beneficiaries.roster", VIEW, _roster, "gates/roster.html", 10),
    PagePanel(
        "gates.payment", _("Own payment"), "beneficiaries.enrollment", "gates.view_ownpayment", _payment, "gates/payment.html", 10
    ),
    PagePanel(
        "gates.person", _("Public notices"), "beneficiaries.person", "gates.view_notice", _person, "gates/person.html", 15
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
