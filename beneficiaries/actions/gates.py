"""Gates between enrollment and cover: public notice, own payment, the insurer's acceptance; recorded for a whole roster."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.accepting import refuse_asked
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.gating import PASSABLE, Gate, Passed, asked_gates, lacking, record_passed, stamp
from beneficiaries.models import Enrollment, Purchase, Roster
from beneficiaries.models.enrollment import EnrollmentState
from intake.models import State
from programs import actions as programs
from programs.models import Plan


def open_gates(roster: Roster) -> list[Gate]:
    """Gates that some waiting enrollment of a roster still has before it."""
    waiting = _waiting(roster=roster)
    return [gate for gate in asked_gates(roster.plan) if waiting.filter(lacking(gate)).exists()]


def _locked(roster: Roster) -> Roster:
    found = Roster.objects.select_for_update(of=("self",)).select_related("plan", "period", "organization")
    return found.get(pk=roster.pk)


def pass_gate(roster: Roster, *, gate: Gate, by: User, at: datetime, policy_number: str = "") -> int:
    """Record one gate, in the plan's order, for every waiting enrollment of a roster; with all passed they come into force.

    Returns how many came into force. Cover never begins before the gates are passed: a later day moves its start. Acceptance is
    the insurer's where it is asked of one of them.
    """
    with transaction.atomic():
        roster = _locked(roster)
        asked = asked_gates(roster.plan)
        if gate not in asked:
            raise BeneficiariesRefused("GATE_NOT_ASKED")
        if roster.state in (State.UNDOING, State.UNDONE):
            raise BeneficiariesRefused("GATE_UNDONE")
        if roster.state not in PASSABLE or roster.applied_at is None:
            raise BeneficiariesRefused("GATE_NOT_APPLIED")
        if gate is Gate.OWN_PAYMENT and roster.employer_id is not None:
            raise BeneficiariesRefused("GATE_BY_BILL")
        if gate is Gate.NOTICE:
            _refuse_too_early(roster.applied_at, roster.plan, at=at)
        if gate is Gate.OWN_PAYMENT and timezone.localdate(at) >= roster.period.enrollment_closes_on:
            raise BeneficiariesRefused("GATE_CLOSED", day=roster.period.enrollment_closes_on)
        waiting = _waiting(roster=roster)
        if gate is Gate.ACCEPTANCE:
            refuse_asked(waiting, period_id=roster.period_id)
        fault_point("beneficiaries.pass_gate.before")
        passed = _pass(waiting, gate, asked=asked, policy_number=policy_number, at=at)
        record_passed(roster, gate, passed, by=by, at=at)
        if gate is Gate.OWN_PAYMENT:
            programs.receive_own(
                roster, passed.own_share, program_id=roster.program_id, people=passed.people, by=by, at=at
            )
        fault_point("beneficiaries.pass_gate.after")
    return passed.in_force


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
        waiting = _waiting(purchase=purchase)
        if gate is Gate.ACCEPTANCE:
            refuse_asked(waiting, period_id=purchase.period_id)
        fault_point("beneficiaries.pass_gate.before")
        passed = _pass(waiting, gate, asked=asked, policy_number=policy_number, at=at)
        events.record(
            "purchase.gate_passed", purchase, by=by, at=at, organization=purchase.organization,
            region_code=purchase.region_code, program_id=purchase.program_id,
            data={"gate": gate.value, "passed": passed.people, "in_force": passed.in_force},
        )
        fault_point("beneficiaries.pass_gate.after")
    return passed.in_force


def _waiting(**source: Any) -> QuerySet[Enrollment]:
    """Who waits of a roster or purchase; not the dead, who hold up nobody."""
    return Enrollment.objects.filter(state=EnrollmentState.AWAITING, person__deceased_on=None, **source)


def _refuse_too_early(since: datetime, plan: Plan, *, at: datetime) -> None:
    ends_on = timezone.localdate(since) + timedelta(days=plan.notice_days)
    if timezone.localdate(at) < ends_on:
        raise BeneficiariesRefused("GATE_TOO_EARLY", days=plan.notice_days, day=ends_on)


def _pass(
    waiting: QuerySet[Enrollment], gate: Gate, *, asked: list[Gate], policy_number: str, at: datetime
) -> Passed:
    """Recorded for all who wait, or refused: somebody stands before an earlier gate, or nobody before this one."""
    if gate is Gate.ACCEPTANCE and not policy_number.strip():
        raise BeneficiariesRefused("POLICY_NUMBER")
    earlier = asked[: asked.index(gate)]
    if earlier and waiting.filter(reduce(or_, map(lacking, earlier))).exists():
        raise BeneficiariesRefused("GATE_ORDER")
    found = stamp(waiting, gate, asked=asked, policy_number=policy_number.strip()[:60], at=at)
    passed = sum(found.values(), Passed())
    if not passed.people:
        raise BeneficiariesRefused("GATE_PASSED")
    return passed
