"""Files received and purged."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from intake import storage
from intake.models import File, HeldUpload
from intake.readers import FileRefused, sniff

_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]+")
_LONG_NUMBER = re.compile(r"[0-9]{8,}[0-9Xx]?")
ORPHAN_AGE = timedelta(days=1)
RETENTION = gettext_noop("system:retention")


def safe_name(name: str) -> str:
    """The last part of a file's name for people to recognise it; it is never a path, and long numbers do not show."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return _LONG_NUMBER.sub("****", _UNSAFE.sub("_", last)).strip(" .")[-120:] or "roster"


def receive_file(
    stream: BinaryIO, *, name: str, organization: Organization, by: User, at: datetime,
    sheets: Sequence[str] | None = None, media_type: str = "",
) -> File:
    """Keep an upload, sealed. `sheets`: which are read; an empty list waits for a person who chooses. `media_type`: of a
    file that is no table, as the caller has found it.

    The bytes are stored before the row: a killed upload leaves no row without its file.
    """
    stored = storage.store(stream, year=timezone.localdate(at).year, limit=settings.UPLOAD_LIMIT)
    try:
        if not media_type:
            with storage.opened(stored.key, stored.size) as source:
                media_type = sniff(source, name=name).value
    except FileRefused as refused:
        # Kept all the same: its findings are told on the page of its import, by the job that reads it.
        media_type = refused.findings[0].code.lower()[:20]
    with transaction.atomic():
        fault_point("intake.receive_file.before")
        file = File.objects.create(
            name=safe_name(name), media_type=media_type, size=stored.size, sha256=stored.sha256, storage_key=stored.key,
            organization=organization, uploaded_by=by, uploaded_at=at,
            purge_on=timezone.localdate(at) + timedelta(days=settings.FILE_KEPT_DAYS),
            sheets=None if sheets is None else list(sheets),
        )
        events.record(
            "file.received", file, by=by, at=at, organization=organization, region_code=organization.region_code,
            data={"bytes": stored.size, "content": stored.sha256[:12]},
        )
        fault_point("intake.receive_file.after")
    return file


#: What leaves out files that must stay beyond their time.
_kept: list[Callable[[QuerySet, datetime], QuerySet]] = []


def keep_files(without_kept: Callable[[QuerySet, datetime], QuerySet]) -> None:
    """Called at start by a room that knows of files to be kept: it is given those that are due, and leaves some out."""
    if without_kept not in _kept:
        _kept.append(without_kept)


def purge_files(*, at: datetime, limit: int = 1_000) -> int:
    """Delete the content of files whose retention has ended; the row stays and says so."""
    due: QuerySet = File.objects.filter(purge_on__lte=timezone.localdate(at), purged_at=None)
    for without_kept in _kept:
        due = without_kept(due, at)
    return sum(_purge(file, at=at) for file in due.order_by("pk")[:limit])


def remove_orphans(*, at: datetime, limit: int = 1_000) -> int:
    """Delete what killed or refused uploads left: files that no import holds, and contents without a living row.

    Nothing younger than a day is touched: its upload may still be under way.
    """
    before = at - ORPHAN_AGE
    unused = File.objects.filter(purged_at=None, uploaded_at__lt=before)
    for relation in File._meta.related_objects:
        if relation.many_to_many:
            unused = unused.filter(**{f"{relation.name}__isnull": True})
    removed = sum(_purge(file, at=at) for file in unused.order_by("pk")[:limit])
    old = [key for key, written in storage.kept_keys() if written < before]
    for start in range(0, len(old), limit):
        keys = old[start : start + limit]
        living = set(File.objects.filter(storage_key__in=keys, purged_at=None).values_list("storage_key", flat=True))
        for key in keys:
            if key not in living:
                fault_point("intake.remove_orphan.before")
                storage.remove(key)
                fault_point("intake.remove_orphan.after")
                removed += 1
    return removed


def discard_file(file: File, *, by: User, at: datetime) -> bool:
    """Delete the content of a file that nobody needs any longer; the row stays and says so."""
    fault_point("intake.discard.before")
    storage.remove(file.storage_key)
    fault_point("intake.discard.removed")
    with transaction.atomic():
        gone = _mark_purged(file, "file.discarded", by=by, at=at)
        fault_point("intake.discard.after")
    return gone


def _purge(file: File, *, at: datetime) -> bool:
    """Delete one file's content, then say so: killed between the two, the next run does it again."""
    fault_point("intake.purge.before")
    storage.remove(file.storage_key)
    fault_point("intake.purge.removed")
    with transaction.atomic():
        gone = _mark_purged(file, "file.purged", by=RETENTION, at=at)
        fault_point("intake.purge.after")
    return gone


def destroy_file(file: File, *, at: datetime) -> bool:
    """Delete a content of which nobody may keep anything; again without harm."""
    return _purge(file, at=at)


def _mark_purged(file: File, verb: str, *, by: User | str, at: datetime) -> bool:
    kept = File.objects.select_for_update(of=("self",)).select_related("organization").get(pk=file.pk)
    if kept.purged_at is not None:
        return False
    HeldUpload.objects.filter(file=kept).delete()
    kept.purged_at = at
    kept.save(update_fields=["purged_at"])
    events.record(
        verb, kept, by=by, at=at, organization=kept.organization, region_code=kept.organization.region_code,
        data={"day": str(timezone.localdate(at))},
    )
    return True
