"""Decisions about the undo of an applied import: requested with a reason by one person, approved or turned down by another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from intake.actions.review import locked, reason_given, save_decision
from intake.errors import IntakeRefused
from intake.models import State
from intake.template import Template


def request_undo(subject: Any, *, reason: str, template: Template, by: User, at: datetime) -> Any:
    """Ask a second person to undo an applied import; nothing changes before that one approves."""
    with transaction.atomic():
        subject = locked(subject, template, State.APPLIED)
        subject.state, subject.undo_reason = State.UNDO_ASKED, reason_given(reason)
        subject.undo_asked_by, subject.undo_asked_at = by, at
        subject.undo_decided_by, subject.undo_decided_at = None, None
        save_decision(subject, "request_undo", "undo_requested", template, by=by, at=at, data={"reason": subject.undo_reason})
    return subject


def approve_undo(
    subject: Any, *, template: Template, enqueue: Callable[[Any], Any], by: User, at: datetime
) -> Any:
    """Let the undo begin that another person has requested."""
    with transaction.atomic():
        subject = _asked(subject, template, by=by)
        subject.state, subject.undo_decided_by, subject.undo_decided_at = State.UNDOING, by, at
        save_decision(subject, "approve_undo", "undo_approved", template, by=by, at=at, data={})
        enqueue(subject)
    return subject


def turn_down_undo(subject: Any, *, reason: str, template: Template, by: User, at: datetime) -> Any:
    """Leave the import as it is applied; it may be requested again."""
    with transaction.atomic():
        subject = _asked(subject, template, by=by)
        said = reason_given(reason)
        subject.state, subject.undo_decided_by, subject.undo_decided_at = State.APPLIED, by, at
        save_decision(subject, "turn_down_undo", "undo_turned_down", template, by=by, at=at, data={"reason": said})
    return subject


def _asked(subject: Any, template: Template, *, by: User) -> Any:
    subject = locked(subject, template, State.UNDO_ASKED)
    if by.pk == subject.undo_asked_by_id:
        raise IntakeRefused("OWN_UNDO")
    return subject
