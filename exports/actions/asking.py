"""Exports asked for: a small one handed over at once, a large one queued; each is a row, counted by day and person."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone, translation

from accounts.models import User
from audit import events
from audit.faults import fault_point
from exports import formats
from exports.errors import ExportsRefused
from exports.formats import Piece
from exports.listing import Listing, reach_of
from exports.models import Export
from exports.writing import facts_of, record, sealed_text
from jobs.actions import enqueue
from jobs.models import Job

KIND = "exports.write"
#: Exports of one person that may be written at the same time.
AT_ONCE = 3
PURPOSE_MIN, PURPOSE_MAX = 5, 300


@dataclass(frozen=True)
class Handed:
    """A file that was handed over at once: its row, and its bytes."""

    export: Export
    content: Iterable[bytes]


def send_export(listing: Listing, piece: Piece, *, kind: str, purpose: str, by: User, at: datetime) -> Handed:
    """Hand over a list that was read as one piece: its row and its event stand before a byte leaves."""
    content = list(formats.file_of(kind, [piece], title=listing.title))
    digest = hashlib.sha256()
    for block in content:
        digest.update(block)
    with transaction.atomic():
        _refuse_too_many(by, at=at)
        fault_point("exports.send.before")
        export = _new(listing, kind, purpose, by=by, at=at)
        export.state, export.ended_at = Export.State.SENT, at
        export.rows, export.size, export.sha256 = piece.rows, sum(map(len, content)), digest.hexdigest()
        export.save(force_insert=True)
        record(export, "export.made", by=by, at=at, data=facts_of(export))
        fault_point("exports.send.after")
    return Handed(export, content)


def ask_export(listing: Listing, *, kind: str, purpose: str, by: User, at: datetime) -> Export:
    """Queue the writing of a list; its file waits on the asker's own page."""
    with transaction.atomic():
        _refuse_too_many(by, at=at)
        waiting = Export.objects.filter(asked_by=by, state=Export.State.ASKED).values_list("pk", flat=True)
        live = Job.objects.live().filter(kind=KIND, subject_type=Export._meta.label_lower, subject_id__in=map(str, waiting))
        if live.count() >= AT_ONCE:
            raise ExportsRefused("AT_ONCE", number=AT_ONCE)
        fault_point("exports.ask.before")
        export = _new(listing, kind, purpose, by=by, at=at)
        export.folder = f"exports/{timezone.localdate(at).year}/{uuid.uuid4().hex}"
        export.purge_on = timezone.localdate(at) + timedelta(days=settings.EXPORT_KEPT_DAYS)
        export.save(force_insert=True)
        enqueue(
            KIND, arguments={"export": export.pk}, subject=export, organization=by.organization,
            region_code=by.organization.region_code, by=by, at=at,
        )
        fault_point("exports.ask.after")
    return export


def _new(listing: Listing, kind: str, purpose: str, *, by: User, at: datetime) -> Export:
    return Export(
        listing=listing.label, format=kind, query=sealed_text(listing.wanted), narrowed=listing.narrowed(),
        language=translation.get_language() or settings.LANGUAGE_CODE, holds_people=listing.holds_people,
        purpose=_checked(purpose, needed=listing.holds_people), reach=reach_of(by), asked_by=by,
        organization=by.organization, asked_at=at,
    )


def _checked(purpose: str, *, needed: bool) -> str:
    """What the file is for, without a number of a person."""
    purpose = " ".join(purpose.split())
    if needed and len(purpose) < PURPOSE_MIN:
        raise ExportsRefused("PURPOSE", characters=PURPOSE_MIN)
    if len(purpose) > PURPOSE_MAX:
        raise ExportsRefused("PURPOSE_LONG", characters=PURPOSE_MAX)
    events.refuse_personal(purpose)
    return purpose


def _refuse_too_many(by: Any, *, at: datetime) -> None:
    """The day's cap of one person; two clicks at once must not pass it together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('exports.ask', %s))", [by.pk])
    day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    if Export.objects.filter(asked_by=by, asked_at__gte=day).count() >= settings.EXPORTS_PER_DAY:
        raise ExportsRefused("DAY_CAP", number=settings.EXPORTS_PER_DAY)
