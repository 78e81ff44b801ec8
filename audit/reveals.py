"""Shows personal data in the clear: with a reason, for some minutes, capped by persons and day, each with its row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from audit import events
from audit.errors import AuditRefused
from audit.faults import fault_point
from audit.fields import SealedTextField
from audit.models.reveals import REASON_MAX, REASON_MIN, Reveal


def reveal(
    subject: models.Model,
    *,
    fields: Sequence[str],
    reason: str,
    by: Any,
    at: datetime,
    organization: events.HasPath | None = None,
    region_code: str = "",
    program_id: int | None = None,
) -> Reveal:
    """Open fields of one object to one user. The caller has checked scope and permission."""
    reason = " ".join(reason.split())
    if len(reason) < REASON_MIN:
        raise AuditRefused("REVEAL_REASON", characters=REASON_MIN)
    if len(reason) > REASON_MAX:
        raise AuditRefused("REVEAL_REASON_LONG", characters=REASON_MAX)
    events.refuse_personal(reason)
    known = {field.name for field in subject._meta.fields if isinstance(field, SealedTextField)}
    if not fields or not known.issuperset(fields):
        raise AuditRefused("REVEAL_FIELD")
    place = {"subject_type": subject._meta.label_lower, "subject_id": str(subject.pk)}
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two clicks at once must not pass the cap together.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('audit.reveal', %s))", [by.pk])
        day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
        today = Reveal.objects.filter(user_id=by.pk, at__gte=day)
        seen = set(today.values_list("subject_type", "subject_id").distinct())
        if tuple(place.values()) not in seen and len(seen) >= settings.REVEALS_PER_DAY:
            raise AuditRefused("REVEAL_CAP", number=settings.REVEALS_PER_DAY)
        fault_point("audit.reveal.before")
        shown = Reveal.objects.create(
            user_id=by.pk, actor=str(by), **place, fields=list(fields), reason=reason, at=at,
            expires_at=at + timedelta(minutes=settings.REVEAL_MINUTES),
            organization_path=organization.path if organization is not None else "", region_code=region_code,
            program_id=program_id,
        )
        events.record(
            "personal_data.revealed", subject, by=by, at=at, organization=organization, region_code=region_code,
            program_id=program_id, data={"fields": list(fields), "minutes": settings.REVEAL_MINUTES},
        )
        fault_point("audit.reveal.after")
    return shown


def revealed_fields(subject: models.Model, *, to: Any, at: datetime) -> frozenset[str]:
    """Fields of an object that this user may see in the clear right now."""
    return revealed_fields_of([subject], to=to, at=at).get(str(subject.pk), frozenset())


def revealed_fields_of(subjects: Sequence[models.Model], *, to: Any, at: datetime) -> dict[str, frozenset[str]]:
    """By key: fields of objects of one kind that this user may see in the clear right now; one question for all."""
    if not subjects:
        return {}
    rows = Reveal.objects.filter(
        user_id=to.pk, subject_type=subjects[0]._meta.label_lower, subject_id__in=[str(each.pk) for each in subjects],
        expires_at__gt=at, at__lte=at,
    ).values_list("subject_id", "fields")
    found: dict[str, frozenset[str]] = {}
    for key, fields in rows:
        found[key] = found.get(key, frozenset()) | frozenset(fields)
    return found
