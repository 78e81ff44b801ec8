"""The file of a notice for all of its villages: asked for, fetched, deleted in time; a job writes it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.faults import fault_point
from gates.actions.notices import locked_notice
from gates.errors import GatesRefused
from gates.models import Notice, NoticeFile, NoticeFilePart, NoticeFileState, NoticeState
from gates.notice_files import content_of, record
from intake import storage
from jobs.actions import enqueue
from jobs.models import Job

KIND = "gates.write_notice"
RETENTION = gettext_noop("system:retention")
#: Notices whose lists are fixed.
FIXED = (NoticeState.POSTED, NoticeState.CLOSING, NoticeState.CLOSED)


def write_notice(notice: Notice, *, by: User, at: datetime) -> Job:
    """Queue the job that writes the lists of all villages; one at a time for a notice."""
    with transaction.atomic():
        notice = locked_notice(notice, *FIXED)
        fault_point("gates.ask_notice_file.before")
        file = NoticeFile.objects.create(
            notice=notice, folder=f"notices/{timezone.localdate(at).year}/{uuid.uuid4().hex}", asked_by=by, asked_at=at,
            purge_on=timezone.localdate(at) + timedelta(days=settings.PRINTING_KEPT_DAYS),
        )
        record("notice.file_asked", notice, by=by, at=at, people=notice.people, villages=notice.villages)
        job = enqueue(
            KIND, arguments={"file": file.pk}, subject=notice, organization=notice.organization,
            region_code=notice.region_code, program_id=notice.program_id, by=by, at=at, total=notice.people,
        )
        fault_point("gates.ask_notice_file.after")
    return job


def newest_file(notice: Notice, *, at: datetime) -> NoticeFile | None:
    """The newest file that can be fetched."""
    kept = NoticeFile.objects.filter(notice=notice, state=NoticeFileState.READY, purge_on__gt=timezone.localdate(at))
    return kept.order_by("-pk").first()


def open_notice_file(notice: Notice, *, by: User, at: datetime) -> Iterator[bytes]:
    """The bytes of the newest file's archive, its event written before the first."""
    with transaction.atomic():
        notice = locked_notice(notice, *FIXED)
        file = newest_file(notice, at=at)
        if file is None:
            raise GatesRefused("NO_NOTICE_FILE")
        fault_point("gates.open_notice_file.before")
        record("notice.file_downloaded", notice, by=by, at=at, people=file.people, villages=file.villages)
        fault_point("gates.open_notice_file.after")
    return content_of(file)


def purge_notice_files(*, at: datetime, limit: int = 200) -> int:
    """Delete the files whose time is over, whole folders, orphans of killed steps included; the rows stay and say so."""
    live = Job.objects.live().filter(kind=KIND).values_list("subject_id", flat=True)
    due = NoticeFile.objects.filter(purge_on__lte=timezone.localdate(at), purged_at=None)
    due = due.exclude(notice__in=[int(pk) for pk in live])
    return sum(_purge(file, at=at) for file in due.order_by("pk")[:limit])


def _purge(file: NoticeFile, *, at: datetime) -> bool:
    """Delete one folder, then say so: killed between the two, the next run does it again."""
    fault_point("gates.purge_notice_file.before")
    for key in storage.keys_within(file.folder):
        storage.remove(key)
    fault_point("gates.purge_notice_file.removed")
    with transaction.atomic():
        kept = NoticeFile.objects.select_for_update(of=("self",)).select_related("notice__organization").get(pk=file.pk)
        if kept.purged_at is not None:
            return False
        NoticeFilePart.objects.filter(file=kept).delete()
        kept.purged_at, kept.state, kept.ended_at = at, NoticeFileState.EXPIRED, kept.ended_at or at
        kept.save(update_fields=["purged_at", "state", "ended_at"])
        record("notice.file_purged", kept.notice, by=RETENTION, at=at)
        fault_point("gates.purge_notice_file.after")
    return True
