"""Archives of papers: kept sealed with their file of claims, read in the background, matched again when asked."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from filings.actions.claim_files import UPLOAD
from filings.attaching import queue_archive
from filings.errors import FilingsRefused
from filings.models import ArchiveState, ClaimFile, PaperArchive, PaperOutcome
from filings.reach import refuse_beyond
from filings.unpacking import is_archive
from intake.actions import receive_file
from intake.models import State
from jobs.models import Job

#: Archives of one file of claims.
MOST = 200
#: States in which a file of claims came to nothing.
ENDED = (State.REFUSED, State.WITHDRAWN, State.FAILED, State.UNDOING, State.UNDONE)
_AGAIN = (PaperOutcome.NO_CLAIM, PaperOutcome.REFUSED, PaperOutcome.UNREADABLE, PaperOutcome.TOO_BIG, PaperOutcome.WAITING)


def add_archive(subject: ClaimFile, *, name: str, stream: BinaryIO, by: User, at: datetime) -> PaperArchive:
    """Keep a ZIP with papers of the file's claims, and have it read. Papers of claims that are not open yet wait for them."""
    head = stream.read(4)
    stream.seek(0)
    if not is_archive(head):
        raise FilingsRefused("NO_ARCHIVE")
    with transaction.atomic():
        fault_point("filings.add_archive.storing")
        # Stored before anything is locked; what a killed upload leaves in the storage belongs to no row, and is removed.
        file = receive_file(stream, name=name, organization=subject.organization, media_type="zip", by=by, at=at)
        found = _reached(subject, by=by)
        if found.paper_archives.count() >= MOST:
            raise FilingsRefused("ARCHIVES_AT_MOST", most=MOST)
        if found.paper_archives.filter(file__sha256=file.sha256).exists():
            raise FilingsRefused("ARCHIVE_TWICE")
        fault_point("filings.add_archive.before")
        archive = PaperArchive.objects.create(claim_file=found, file=file, uploaded_by=by, uploaded_at=at)
        _record("claim_file.papers_added", found, archive, by=by, at=at, bytes=file.size)
        queue_archive(archive, by=by, at=at)
        fault_point("filings.add_archive.after")
    return archive


def match_again(archive: PaperArchive, *, by: User, at: datetime) -> PaperArchive:
    """Ask once more of everything that is not attached: claims may have come since, or a scanner may answer again."""
    with transaction.atomic():
        found = _reached(archive.claim_file, by=by)
        archive = PaperArchive.objects.select_for_update(of=("self",)).select_related("claim_file__organization").get(pk=archive.pk)
        if Job.objects.about(archive).live().exists():
            raise FilingsRefused("ARCHIVE_BUSY")
        left = archive.entries.filter(outcome__in=_AGAIN)
        if archive.state == ArchiveState.READ and not left.exists():
            raise FilingsRefused("NOTHING_TO_MATCH")
        fault_point("filings.match_again.before")
        if archive.state == ArchiveState.FAILED:
            archive.state, archive.code = ArchiveState.RECEIVED, ""
            archive.save(update_fields=["state", "code"])
        left.exclude(number="").update(outcome=PaperOutcome.WAITING, code="", case=None, settled_at=None)
        left.filter(number="").update(outcome=PaperOutcome.NO_CLAIM, code="", settled_at=None)
        _record("claim_file.papers_matched_again", found, archive, by=by, at=at)
        queue_archive(archive, by=by, at=at)
        fault_point("filings.match_again.after")
    return archive


def _reached(subject: ClaimFile, *, by: User) -> ClaimFile:
    """The file, locked, while papers of it make sense; refused beyond the user's reach."""
    found = ClaimFile.objects.select_for_update(of=("self",)).select_related("organization").get(pk=subject.pk)
    fault_point("filings.papers.locked")
    refuse_beyond(by, UPLOAD, organization=found.organization, region_code=found.region_code, program_id=found.program_id)
    if found.state in ENDED:
        raise FilingsRefused("FILE_ENDED")
    return found


def _record(verb: str, subject: ClaimFile, archive: PaperArchive, *, by: User, at: datetime, **data: int) -> None:
    events.record(
        verb, subject, by=by, at=at, organization=subject.organization, region_code=subject.region_code,
        program_id=subject.program_id, data={"archive": archive.pk, **data},
    )
