"""Longer terms of complaints: asked for by one person, approved by another, told with their reason."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.faults import fault_point
from complaints.errors import ComplaintsRefused
from complaints.independence import is_above
from complaints.models import Complaint, ComplaintState, Extension, ExtensionState, Kind
from complaints.rules.terms import Step, due_on
from complaints.stepping import ANSWER, EXTEND, RECORD, locked, record, said

_OPEN = (ComplaintState.OPEN,)


def ask_extension(complaint: Complaint, *, reason: str, by: User, at: datetime) -> Extension:
    """It is complex, or after that specially complex: the reason is what whoever complained will be told."""
    reason = said(reason)
    with transaction.atomic():
        complaint = locked(complaint, by=by, permission=EXTEND, among=_OPEN)
        if complaint.kind == Kind.REVIEW:
            raise ComplaintsRefused("EXTENSION_OF_REVIEW")
        known = list(complaint.extensions.exclude(state=ExtensionState.DECLINED))
        if any(each.state == ExtensionState.ASKED for each in known):
            raise ComplaintsRefused("EXTENSION_WAITS")
        if len(known) >= Step.SPECIAL:
            raise ComplaintsRefused("EXTENSION_LAST")
        if complaint.due_on < timezone.localdate(at):
            raise ComplaintsRefused("EXTENSION_LATE")
        step = Step(len(known) + 1)
        fault_point("complaints.ask_extension.before")
        extension = Extension.objects.create(
            complaint=complaint, step=step, until=due_on(complaint.received_on, step=step), reason=reason, asked_by=by, asked_at=at
        )
        record("complaint.extension_asked", complaint, by=by, at=at, day=extension.until, reason=reason)
        fault_point("complaints.ask_extension.after")
    return extension


def approve_extension(complaint: Complaint, *, by: User, at: datetime) -> Extension:
    """By another than who asked; the second one by the office above, or by another than who approved the first."""
    with transaction.atomic():
        complaint = locked(complaint, by=by, permission=ANSWER, among=_OPEN)
        extension = _asked(complaint, by=by)
        if extension.step == Step.SPECIAL and not _above_or_another(complaint, by=by):
            raise ComplaintsRefused("SECOND_APPROVES")
        fault_point("complaints.approve_extension.before")
        _decide(extension, ExtensionState.APPROVED, by=by, at=at)
        complaint.due_on = extension.until
        complaint.save(update_fields=["due_on"])
        record("complaint.extended", complaint, by=by, at=at, day=extension.until)
        fault_point("complaints.approve_extension.after")
    return extension


def decline_extension(complaint: Complaint, *, by: User, at: datetime) -> Extension:
    """It is answered within the term that it has."""
    with transaction.atomic():
        complaint = locked(complaint, by=by, permission=ANSWER, among=_OPEN)
        extension = _asked(complaint, by=by)
        fault_point("complaints.decline_extension.before")
        _decide(extension, ExtensionState.DECLINED, by=by, at=at)
        record("complaint.extension_declined", complaint, by=by, at=at)
        fault_point("complaints.decline_extension.after")
    return extension


def tell_extension(complaint: Complaint, *, told_on: date, by: User, at: datetime) -> Extension:
    """Whoever complained knows since a day until when the answer takes, and why."""
    with transaction.atomic():
        complaint = locked(complaint, by=by, permission=RECORD, among=(ComplaintState.OPEN, ComplaintState.ANSWERED))
        extension = complaint.extensions.filter(state=ExtensionState.APPROVED, told_on=None).order_by("step").first()
        if extension is None:
            raise ComplaintsRefused("NOTHING_TO_TELL")
        decided_at: Any = extension.decided_at
        if not timezone.localdate(decided_at) <= told_on <= timezone.localdate(at):
            raise ComplaintsRefused("TOLD_DAY")
        fault_point("complaints.tell_extension.before")
        extension.told_on, extension.told_by = told_on, by
        extension.save(update_fields=["told_on", "told_by"])
        record("complaint.extension_told", complaint, by=by, at=at, day=told_on)
        fault_point("complaints.tell_extension.after")
    return extension


def _asked(complaint: Complaint, *, by: User) -> Extension:
    extension = complaint.extensions.filter(state=ExtensionState.ASKED).first()
    if extension is None:
        raise ComplaintsRefused("EXTENSION_NONE")
    if extension.asked_by_id == by.pk:
        raise ComplaintsRefused("ANOTHER_APPROVES")
    return extension


def _above_or_another(complaint: Complaint, *, by: User) -> bool:
    if complaint.organization.parent_id is not None and is_above(by, complaint.organization):
        return True
    return not complaint.extensions.filter(step=Step.COMPLEX, decided_by=by, state=ExtensionState.APPROVED).exists()


def _decide(extension: Extension, state: ExtensionState, *, by: User, at: datetime) -> None:
    fault_point("complaints.decide_extension.before")
    extension.state, extension.decided_by, extension.decided_at = state, by, at
    extension.save(update_fields=["state", "decided_by", "decided_at"])
    fault_point("complaints.decide_extension.after")
