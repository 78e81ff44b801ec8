"""Gates between enrollment and cover: public notice, own payment, the insurer's acceptance; recorded for a whole roster."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from operator import or_

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Enrollment, Purchase, Roster
from beneficiaries.models.enrollment import EnrollmentState
from intake.models import State
from programs.models import Plan


class Gate(StrEnum):
    """What a plan may ask for before cover begins."""

    NOTICE = "notice"
    OWN_PAYMENT = "own_payment"
    ACCEPTANCE = "acceptance"


GATE_WORDS = {
    Gate.NOTICE: _("Public notice has passed"),
    Gate.OWN_PAYMENT: _("Own payments have been received"),
    Gate.ACCEPTANCE: _("The insurer has accepted"),
}
COLUMN = {Gate.NOTICE: "notice_passed_at", Gate.OWN_PAYMENT: "own_paid_at", Gate.ACCEPTANCE: "accepted_at"}


def asked_gates(plan: Plan) -> list[Gate]:
    """The gates of a plan in their order."""
    asked = {
        Gate.NOTICE: plan.requires_notice,
        Gate.OWN_PAYMENT: plan.requires_own_payment,
        Gate.ACCEPTANCE: plan.requires_insurer_acceptance,
    }
    return [gate for gate, wanted in asked.items() if wanted]


def open_gates(roster: Roster) -> list[Gate]:
    """Gates that some waiting enrollment of a roster still has before it."""
    waiting = Enrollment.objects.filter(roster=roster, state=EnrollmentState.AWAITING)
    return [gate for gate in asked_gates(roster.plan) if waiting.filter(**{f"{COLUMN[gate]}__isnull": True}).exists()]


def _locked(roster: Roster) -> Roster:
    found = Roster.objects.select_for_update(of=("self",)).select_related("plan", "period", "organization")
    return found.get(pk=roster.pk)


def pass_gate(roster: Roster, *, gate: Gate, by: User, at: datetime, policy_number: str = "") -> int:
    """Record one gate, in the plan's order, for every waiting enrollment of a roster; with all passed they come into force.

    Returns how many came into force. Cover never begins before the gates are passed: a later day moves its start.
    """
    with transaction.atomic():
        roster = _locked(roster)
        asked = asked_gates(roster.plan)
        if gate not in asked:
            raise BeneficiariesRefused("GATE_NOT_ASKED")
        if roster.state in (State.UNDOING, State.UNDONE):
            raise BeneficiariesRefused("GATE_UNDONE")
        # While an undo is only asked for, what happens outside (a payment, an acceptance) can still be recorded.
        if roster.state not in (State.APPLIED, State.UNDO_ASKED) or roster.applied_at is None:
            raise BeneficiariesRefused("GATE_NOT_APPLIED")
        if gate is Gate.NOTICE:
            _refuse_too_early(roster.applied_at, roster.plan, at=at)
        if gate is Gate.OWN_PAYMENT and timezone.localdate(at) >= roster.period.enrollment_closes_on:
            raise BeneficiariesRefused("GATE_CLOSED", day=roster.period.enrollment_closes_on)
        waiting = Enrollment.objects.filter(roster=roster, state=EnrollmentState.AWAITING)
        fault_point("beneficiaries.pass_gate.before")
        passed, covered = _pass(waiting, gate, asked=asked, policy_number=policy_number, at=at)
        events.record(
            "roster.gate_passed", roster, by=by, at=at, organization=roster.organization,
            region_code=roster.region_code, program_id=roster.program_id,
            data={"gate": gate.value, "passed": passed, "in_force": covered},
        )
        fault_point("beneficiaries.pass_gate.after")
    return covered


def pass_purchase_gate(purchase: Purchase, *, gate: Gate, by: User | str, at: datetime, policy_number: str = "") -> int:
    """The same for what was bought without a roster: notice and acceptance, since the payment came with the purchase."""
    with transaction.atomic():
        purchase = Purchase.objects.select_related("plan", "organization").get(pk=purchase.pk)
        # A purchase is never changed, so nobody may lock it: its enrollments are what two clicks meet at.
        list(Enrollment.objects.select_for_update(of=("self",)).filter(purchase=purchase).order_by("pk").values_list("pk"))
        asked = asked_gates(purchase.plan)
        if gate not in asked:
            raise BeneficiariesRefused("GATE_NOT_ASKED")
        if gate is Gate.NOTICE:
            _refuse_too_early(purchase.made_at, purchase.plan, at=at)
        waiting = Enrollment.objects.filter(purchase=purchase, state=EnrollmentState.AWAITING)
        fault_point("beneficiaries.pass_gate.before")
        passed, covered = _pass(waiting, gate, asked=asked, policy_number=policy_number, at=at)
        events.record(
            "purchase.gate_passed", purchase, by=by, at=at, organization=purchase.organization,
            region_code=purchase.region_code, program_id=purchase.program_id,
            data={"gate": gate.value, "passed": passed, "in_force": covered},
        )
        fault_point("beneficiaries.pass_gate.after")
    return covered


def _refuse_too_early(since: datetime, plan: Plan, *, at: datetime) -> None:
    ends_on = timezone.localdate(since) + timedelta(days=plan.notice_days)
    if timezone.localdate(at) < ends_on:
        raise BeneficiariesRefused("GATE_TOO_EARLY", days=plan.notice_days, day=ends_on)


def _pass(
    waiting: QuerySet[Enrollment], gate: Gate, *, asked: list[Gate], policy_number: str, at: datetime
) -> tuple[int, int]:
    """(enrollments for which the gate is recorded, those that came into force)."""
    if gate is Gate.ACCEPTANCE and not policy_number.strip():
        raise BeneficiariesRefused("POLICY_NUMBER")
    earlier = asked[: asked.index(gate)]
    if earlier and waiting.filter(reduce(or_, (Q(**{f"{COLUMN[each]}__isnull": True}) for each in earlier))).exists():
        raise BeneficiariesRefused("GATE_ORDER")
    changes: dict[str, datetime | str] = {COLUMN[gate]: at}
    if gate is Gate.ACCEPTANCE:
        changes["insurer_policy_number"] = policy_number.strip()[:60]
    fault_point("beneficiaries.pass_gate.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
    passed = waiting.filter(**{f"{COLUMN[gate]}__isnull": True}).update(**changes)
    if not passed:
        raise BeneficiariesRefused("GATE_PASSED")
    ready = waiting.filter(*(Q(**{f"{COLUMN[each]}__isnull": False}) for each in asked))
    begins = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    ready.filter(starts_at__lt=begins, ends_at__gt=begins).update(starts_at=begins)
    return passed, ready.update(state=EnrollmentState.IN_FORCE)
