"""Writes the file of a notice: village by village, each list sealed as it is done; goes on wherever it was killed."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop, override

from accounts.models import Region
from audit import events
from audit.faults import fault_point
from gates import printing
from gates.errors import GatesRefused
from gates.models import Notice, NoticeFile, NoticeFilePart, NoticeFileState
from intake import storage
from jobs.actions import Run

WRITER = gettext_noop("system:notices")
_PART_LIMIT = 1 << 26
_READ = 1 << 20
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
Village = tuple[str, str, int]


def write(run: Run) -> dict[str, Any]:
    """The work of a job. No transaction is open while lists are read, drawn and sealed."""
    found = NoticeFile.objects.select_related("notice__organization", "notice__program").get(pk=run.arguments["file"])
    villages = printing.villages_of(found.notice)
    while _step(run, found, villages):
        run.check_stop()
    return _finish(run, found)


def _step(run: Run, file: NoticeFile, villages: Sequence[Village]) -> bool:
    """Write the next village; False when none is left. One sealed and not written down is an orphan of its folder."""
    last = file.parts.order_by("-number").first()
    number = last.number if last is not None else 0
    if number == len(villages):
        return False
    code, name, lines = villages[number]
    content, people = printing.village_file(file.notice, code, name)
    kept = storage.store(
        io.BytesIO(content.encode()), year=timezone.localdate().year, limit=_PART_LIMIT, folder=file.folder
    )
    with transaction.atomic():
        _hold(run, file)
        fault_point("gates.write_notice.before")
        NoticeFilePart.objects.create(
            file=file, number=number + 1, region_code=code, people=people, size=kept.size, sha256=kept.sha256,
            storage_key=kept.key,
        )
        run.advance(done=sum(each[2] for each in villages[:number]) + lines, total=file.notice.people)
        fault_point("gates.write_notice.after")
    return True


def _finish(run: Run, file: NoticeFile) -> dict[str, Any]:
    at = timezone.now()
    with transaction.atomic():
        kept = _hold(run, file)
        parts = list(kept.parts.order_by("number"))
        fault_point("gates.finish_notice_file.before")
        kept.state, kept.ended_at = NoticeFileState.READY, at
        kept.people, kept.villages = sum(part.people for part in parts), len(parts)
        kept.size = sum(part.size for part in parts)
        kept.digest = hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
        kept.purge_on = timezone.localdate(at) + timedelta(days=settings.PRINTING_KEPT_DAYS)
        kept.save()
        record("notice.file_written", kept.notice, by=WRITER, at=at, people=kept.people, villages=kept.villages)
        run.advance(done=kept.notice.people, total=kept.notice.people)
        fault_point("gates.finish_notice_file.after")
    return {"people": kept.people, "villages": kept.villages}


def _hold(run: Run, file: NoticeFile) -> NoticeFile:
    """The file under a row lock, while it is to be written."""
    found = NoticeFile.objects.select_for_update(of=("self",)).select_related("notice__organization")
    kept = found.get(pk=file.pk)
    if kept.state != NoticeFileState.WRITING:
        run.check_stop()
        raise GatesRefused("STATE", state=kept.get_state_display())
    return kept


class _Passing(io.RawIOBase):
    """Takes what an archive writes and gives it on; it cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, block: Any) -> int:
        """Keep a block until it is taken."""
        self._held.append(bytes(block))
        return len(block)

    def taken(self) -> bytes:
        """What was written since the last time."""
        held, self._held = b"".join(self._held), []
        return held


def content_of(file: NoticeFile) -> Iterator[bytes]:
    """An archive of the villages with anybody on their list, one part at a time. Bears no date."""
    parts = list(file.parts.filter(people__gt=0).order_by("number"))
    names = Region.objects.names_of(part.region_code for part in parts)
    passing = _Passing()
    with zipfile.ZipFile(passing, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for part in parts:
            entry = zipfile.ZipInfo(_called(part, names.get(part.region_code, "")), _LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            with archive.open(entry, "w") as target, storage.opened(part.storage_key, part.size) as source:
                while block := source.read(_READ):
                    target.write(block)
                    yield passing.taken()
    yield passing.taken()


def _called(part: NoticeFilePart, place: str) -> str:
    with override(printing.LANGUAGE):
        return f"{part.region_code or _t('without a region')} {place}.html".replace("/", " ")


def record(verb: str, notice: Notice, *, by: Any, at: Any, **data: Any) -> None:
    """One event about a notice's file, in the transaction of its change."""
    events.record(
        verb, notice, by=by, at=at, organization=notice.organization, region_code=notice.region_code,
        program_id=notice.program_id, data=data,
    )
