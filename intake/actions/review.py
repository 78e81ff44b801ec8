"""Decisions about an import: received, submitted, approved or refused by another person, withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from intake.errors import IntakeRefused
from intake.models import STANDING, File, State
from intake.template import Template

REASON_MIN = 4


def receive(
    subject: Any, *, files: Sequence[File], template: Template, enqueue: Callable[[Any], Any], by: User, at: datetime
) -> Any:
    """Save a new import with its files and start its check; the same content standing elsewhere is refused."""
    with transaction.atomic():
        refuse_twice(files)
        for file in sorted(files, key=lambda file: file.sha256):
            refuse_known_content(subject, file, template)
        subject.state, subject.uploaded_by, subject.uploaded_at = State.RECEIVED, by, at
        fault_point(f"{template.key}.receive.before")
        subject.save(force_insert=True)
        subject.files.set(files)
        record("received", subject, template, by=by, at=at, data={"files": len(files)})
        enqueue(subject)
        fault_point(f"{template.key}.receive.after")
    return subject


def refuse_twice(files: Sequence[File]) -> None:
    """The same content twice in one upload is a slip."""
    names: dict[str, str] = {}
    for file in files:
        if file.sha256 in names:
            raise IntakeRefused("SAME_FILE_TWICE", first=names[file.sha256], second=file.name)
        names[file.sha256] = file.name


def refuse_known_content(subject: Any, file: File, template: Template) -> None:
    """Refuse a content that stands already under the same terms, in this import too unless it is this very file."""
    with connection.cursor() as cursor:
        # Two uploads of one content at once: the second waits here and then finds the first.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"{template.key}:{subject.organization_id}:{file.sha256}"],
        )
    first = (
        template.same_terms(subject)
        .filter(files__sha256=file.sha256, organization=subject.organization, state__in=STANDING)
        .exclude(pk=subject.pk, files=file.pk).order_by("pk").first()
    )
    if first is not None:
        raise IntakeRefused(
            "ALREADY_IMPORTED", day=timezone.localtime(first.uploaded_at).strftime("%Y-%m-%d"), number=first.pk
        )


def submit(subject: Any, *, template: Template, by: User, at: datetime) -> Any:
    """Hand a reviewed import to a second person."""
    with transaction.atomic():
        subject = locked(subject, template, State.REVIEW)
        if not template.does_something(subject):
            raise IntakeRefused("NOTHING_TO_APPLY")
        if subject.confirmed_digest != subject.digest and template.unusual(subject):
            raise IntakeRefused("UNUSUAL")
        subject.state, subject.submitted_by, subject.submitted_at = State.SUBMITTED, by, at
        save_decision(subject, "submit", "submitted", template, by=by, at=at, data={"digest": subject.digest[:12]})
    return subject


def approve(
    subject: Any, *, digest: str, template: Template, enqueue: Callable[[Any], Any], by: User, at: datetime
) -> Any:
    """Approve exactly what was looked at: hold its whole money, or be refused, and start to apply it."""
    return _approve(subject, digest=digest, template=template, hold=template.reserve, enqueue=enqueue, by=by, at=at)


def approve_by_priority(
    subject: Any, *, digest: str, template: Template, enqueue: Callable[[Any], Any], by: User, at: datetime,
    expected: Sequence[Any] | None = None,
) -> Any:
    """Approve exactly what was looked at as far as the money goes, in the template's order of groups.

    `expected`: the groups that were shown as left out; when that has changed, the approval is refused.
    """
    hold = partial(template.reserve_by_priority, expected=expected)
    return _approve(subject, digest=digest, template=template, hold=hold, enqueue=enqueue, by=by, at=at)


def _approve(
    subject: Any, *, digest: str, template: Template, hold: Callable[..., None], enqueue: Callable[[Any], Any], by: User,
    at: datetime,
) -> Any:
    with transaction.atomic():
        subject = locked(subject, template, State.SUBMITTED)
        if by.pk in (subject.uploaded_by_id, subject.submitted_by_id):
            raise IntakeRefused("OWN_WORK")
        if digest != subject.digest:
            raise IntakeRefused("DIGEST")
        subject.state, subject.decided_by, subject.decided_at = State.APPROVED, by, at
        subject.approved_digest = digest
        fault_point(f"{template.key}.approve.holding")
        hold(subject, by=by, at=at)
        save_decision(subject, "approve", "approved", template, by=by, at=at, data={"digest": digest[:12]})
        enqueue(subject)
        fault_point(f"{template.key}.approve.queued")
    return subject


def refuse(subject: Any, *, reason: str, template: Template, by: User, at: datetime) -> Any:
    """Send a submitted import back, with a reason."""
    with transaction.atomic():
        subject = locked(subject, template, State.SUBMITTED)
        if by.pk in (subject.uploaded_by_id, subject.submitted_by_id):
            raise IntakeRefused("OWN_WORK")
        subject.state, subject.decided_by, subject.decided_at = State.REFUSED, by, at
        subject.reason = reason_given(reason)
        save_decision(subject, "refuse", "refused", template, by=by, at=at, data={"reason": subject.reason})
    return subject


def withdraw(subject: Any, *, reason: str, template: Template, by: User, at: datetime) -> Any:
    """Take an import back before it is approved."""
    with transaction.atomic():
        subject = locked(subject, template, State.REVIEW, State.SUBMITTED, State.FAILED)
        subject.state, subject.reason = State.WITHDRAWN, reason_given(reason)
        save_decision(subject, "withdraw", "withdrawn", template, by=by, at=at, data={"reason": subject.reason})
    return subject


def locked(subject: Any, template: Template, *states: State) -> Any:
    """The import as it stands, locked; refused in any other state."""
    found = template.import_model._default_manager.select_for_update().get(pk=subject.pk)
    fault_point(f"{template.key}.locked")
    if found.state not in states:
        raise IntakeRefused("STATE", state=found.get_state_display())
    return found


def save_decision(
    subject: Any, step: str, verb: str, template: Template, *, by: User, at: datetime, data: dict[str, Any]
) -> None:
    """The decided import with its event, in the caller's transaction."""
    fault_point(f"{template.key}.{step}.before")
    subject.save()
    record(verb, subject, template, by=by, at=at, data=data)
    fault_point(f"{template.key}.{step}.after")


def record_download(
    subject: Any, *, rows: int, kind: str, template: Template, by: User, at: datetime
) -> None:
    """Rows of an import left the portal in the clear, as "xlsx" or "csv", to be corrected."""
    fault_point(f"{template.key}.download_refused.before")
    record("refused_rows_downloaded", subject, template, by=by, at=at, data={"rows": rows, "format": kind})
    fault_point(f"{template.key}.download_refused.after")


def record(verb: str, subject: Any, template: Template, *, by: User, at: datetime, data: dict[str, Any]) -> None:
    """An event of an import."""
    events.record(
        f"{template.key}.{verb}", subject, by=by, at=at, organization=subject.organization,
        region_code=subject.region_code, program_id=template.program_id_of(subject), data=data,
    )


def reason_given(text: str) -> str:
    """A person's reason in one line; refused when it says nothing."""
    reason = " ".join(text.split())
    if len(reason) < REASON_MIN:
        raise IntakeRefused("REASON", characters=REASON_MIN)
    return reason[:300]
