"""Objections: recorded while the notice hangs, decided by a second person; one that is upheld takes the person out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.actions import void_waiting
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentState
from gates.errors import GatesRefused
from gates.models import Notice, NoticeLine, NoticeState, Objection, ObjectionReason, ObjectionState


def record_objection(
    notice: Notice, *, region_code: str, number: int, reason: ObjectionReason, text: str, received_on: date, by: User,
    at: datetime,
) -> Objection:
    """Against one line, as the village names it: its place and number on the list. On the notice's days only."""
    with transaction.atomic():
        # Closing and withdrawing lock the notice: an objection comes wholly before or after them.
        notice = Notice.objects.select_for_update(of=("self",)).select_related("organization").get(pk=notice.pk)
        fault_point("gates.record_objection.locked")
        if notice.state != NoticeState.POSTED:
            raise GatesRefused("STATE", state=notice.get_state_display())
        if received_on < notice.starts_on:
            raise GatesRefused("NOT_BEGUN", day=notice.starts_on)
        if received_on > min(notice.last_day, timezone.localdate(at)):
            raise GatesRefused("DAYS_OVER", day=min(notice.last_day, timezone.localdate(at)))
        line = NoticeLine.objects.filter(notice=notice, region_code=region_code, number=number).first()
        if line is None:
            raise GatesRefused("NO_SUCH_LINE")
        if not Enrollment.objects.filter(pk=line.enrollment_id, state=EnrollmentState.AWAITING).exists():
            raise GatesRefused("NOT_WAITING")
        if Objection.objects.filter(enrollment=line.enrollment_id, state=ObjectionState.OPEN).exists():
            raise GatesRefused("OBJECTED_ALREADY")
        fault_point("gates.record_objection.before")
        objection = Objection.objects.create(
            notice=notice, enrollment_id=line.enrollment_id, reason=reason, text=text.strip() or None,
            received_on=received_on, received_by=by, received_at=at,
        )
        _record("objection.recorded", objection, notice, by=by, at=at, reason=str(reason))
        fault_point("gates.record_objection.after")
    return objection


def decide_objection(objection: Objection, *, state: ObjectionState, decision: str, by: User, at: datetime) -> Objection:
    """Uphold: the cover is voided and its money goes back to whom it came from. Dismiss: the person stays on the list."""
    with transaction.atomic():
        notice = Notice.objects.select_for_update(of=("self",)).select_related("organization").get(pk=objection.notice_id)
        objection = Objection.objects.select_for_update(of=("self",)).get(pk=objection.pk)
        fault_point("gates.decide_objection.locked")
        if objection.state != ObjectionState.OPEN:
            raise GatesRefused("DECIDED")
        if objection.received_by_id == by.pk:
            raise GatesRefused("ANOTHER_DECIDES")
        if not decision.strip():
            raise GatesRefused("REASON")
        events.refuse_personal(decision)
        fault_point("gates.decide_objection.before")
        covers = 0
        if state == ObjectionState.UPHELD:
            covers = void_waiting(Enrollment.objects.filter(pk=objection.enrollment_id), by=by, at=at)
        objection.state, objection.decision = state, decision.strip()
        objection.decided_by, objection.decided_at = by, at
        objection.save(update_fields=["state", "decision", "decided_by", "decided_at"])
        if state == ObjectionState.UPHELD:
            _record("objection.upheld", objection, notice, by=by, at=at, decision=objection.decision, covers=covers)
        else:
            _record("objection.dismissed", objection, notice, by=by, at=at, decision=objection.decision)
        fault_point("gates.decide_objection.after")
    return objection


def _record(verb: str, objection: Objection, notice: Notice, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, objection, by=by, at=at, organization=notice.organization, region_code=notice.region_code,
        program_id=notice.program_id, data=data,
    )
