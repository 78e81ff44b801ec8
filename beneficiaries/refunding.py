"""Cover given back within the plan's days for it: as if it had never begun, so that every payer gets the whole share back.

The money goes the way of every early end (differences, refunds by two); here only the cover ends, or is voided while it waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.faults import fault_point
from beneficiaries.actions.voiding import void_waiting
from beneficiaries.change_events import tell
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.keepers import keeper_case, kept_in_words
from beneficiaries.models import Ending, Enrollment, PersonChange
from beneficiaries.models.enrollment import LIVE, EnrollmentState
from beneficiaries.models.roster import EndReason


@dataclass(frozen=True)
class RefundOutlook:
    """What giving a cover back would do: until when it may be asked, yuan that go back to the person and to others."""

    until: date
    own_share: Decimal
    others: Decimal
    payment: str


def refund_outlook(cover: Enrollment, *, asked_on: date) -> RefundOutlook:
    """What it would do; BeneficiariesRefused says why it cannot be: not paid, too late, in use, ended."""
    days = cover.plan.refund_days
    if not days:
        raise BeneficiariesRefused("NO_REFUND_DAYS")
    if cover.covers_a_span or cover.state not in LIVE:
        raise BeneficiariesRefused("NOT_REFUNDABLE", state=cover.get_state_display())
    if cover.own_paid_at is None or not cover.own_share:
        raise BeneficiariesRefused("NOT_OWN_PAID")
    until = timezone.localdate(cover.own_paid_at) + timedelta(days=days)
    if asked_on > until:
        raise BeneficiariesRefused("REFUND_LATE", days=days, day=until)
    kept = _kept(cover.pk)
    if kept:
        raise BeneficiariesRefused("COVER_IN_USE", why=kept_in_words(kept))
    payment = cover.purchase.payment_reference if cover.purchase is not None else ""
    return RefundOutlook(until, cover.own_share, cover.premium - cover.own_share, payment)


def give_back(change: PersonChange, *, by: Any, at: datetime) -> None:
    """End the cover of an approved change before it began, in the caller's transaction. In time is who asked in time."""
    cover = Enrollment.objects.select_related("plan", "purchase", "roster__employer").select_for_update(
        of=("self",), no_key=False
    ).get(
        pk=change.cover_id or 0
    )
    outlook = refund_outlook(cover, asked_on=timezone.localdate(change.proposed_at))
    fault_point("beneficiaries.give_back.before")
    if cover.state == EnrollmentState.AWAITING:
        void_waiting(Enrollment.objects.filter(pk=cover.pk), by=by, at=at)
    else:
        Ending.objects.create(
            enrollment=cover, change=change, reason=EndReason.REFUNDED,
            ended_on=timezone.localdate(cover.starts_at) - timedelta(days=1), ended_before=cover.ends_at, created_at=at,
        )
        fault_point("beneficiaries.give_back.cover.before")
        Enrollment.objects.filter(pk=cover.pk).update(state=EnrollmentState.ENDED, ends_at=cover.starts_at)
    facts = {"cover": cover.number, "own_share": str(outlook.own_share)}
    if cover.employer is None:
        tell("person.refunded", change, by=by, at=at, **facts)
    else:
        tell("person.refunded_to_employer", change, by=by, at=at, **facts)
    fault_point("beneficiaries.give_back.after")


def _kept(cover_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {keeper_case()} FROM beneficiaries_enrollment e WHERE e.id = %s", [cover_id])  # noqa: S608
        (kept,) = cursor.fetchone()
    return str(kept)
