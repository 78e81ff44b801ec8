"""Writes a printing of many: village by village, each PDF sealed as it is done; goes on wherever it was killed."""

from __future__ import annotations

import gc
import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop, override

from accounts.models import Region
from audit import events
from audit.faults import fault_point
from intake import storage
from jobs.actions import Run
from papers.certificate import LANGUAGE, file_of
from papers.covers import covers_of, holders, shared_of, stretch_of, villages_of
from papers.errors import PapersRefused
from papers.models import PrintedPart, Printing, PrintingState

WRITER = gettext_noop("system:printing")
#: Certificates of one PDF; a larger village has several.
STRETCH = 1_500
_PART_LIMIT = 1 << 28
_READ = 1 << 20
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class _Reached:
    """Where the parts written so far end."""

    number: int = 0
    region_code: str = ""
    stretch: int = 0
    last_id: int = 0
    people: int = 0


def write(run: Run) -> dict[str, Any]:
    """The work of a job. No transaction is open while people are read, drawn and sealed."""
    printing = Printing.objects.select_related(
        "organization", "period__plan", "period__program__insurer", "program"
    ).get(pk=run.arguments["printing"])
    villages = villages_of(covers_of(printing))
    while _step(run, printing, villages):
        run.check_stop()
    return _finish(run, printing)


def _reached(printing: Printing) -> _Reached:
    parts = list(printing.parts.order_by("number"))
    if not parts:
        return _Reached()
    last = parts[-1]
    return _Reached(last.number, last.region_code, last.stretch, last.last_id, sum(part.people for part in parts))


def _step(run: Run, printing: Printing, villages: Sequence[tuple[str, int]]) -> bool:
    """Write the next PDF; False when nobody is left. One sealed and not written down is an orphan of its folder."""
    at = _reached(printing)
    covers = covers_of(printing)
    for code, _people in villages:
        if code < at.region_code:
            continue
        here = code == at.region_code
        found = stretch_of(covers, region_code=code, after=at.last_id if here else 0, size=STRETCH)
        if found:
            break
    else:
        return False
    title = f"{printing.program.name} {code}"
    content, count = file_of(
        shared_of(printing.period, issued_on=timezone.localdate(printing.decided_at)), holders(found, printing.period), title=title
    )
    kept = storage.store(io.BytesIO(content), year=timezone.localdate().year, limit=_PART_LIMIT, folder=printing.folder)
    with transaction.atomic():
        _hold(run, printing)
        fault_point("papers.step.before")
        PrintedPart.objects.create(
            printing=printing, number=at.number + 1, region_code=code, stretch=at.stretch + 1 if here else 1,
            last_id=found[-1].pk, people=count, size=kept.size, sha256=kept.sha256, storage_key=kept.key,
        )
        run.advance(done=at.people + count, total=max(at.people + count, run.total or 0))
        fault_point("papers.step.after")
    # What the font's reader leaves behind refers to itself: some 15 MB a part, which Python would not look for by itself.
    gc.collect()
    return True


def _finish(run: Run, printing: Printing) -> dict[str, Any]:
    at = timezone.now()
    with transaction.atomic():
        kept = _hold(run, printing)
        parts = list(kept.parts.order_by("number"))
        fault_point("papers.finish.before")
        if not parts:
            # Everybody's cover ended since it was asked for.
            kept.state, kept.ended_at, kept.purge_on = PrintingState.CANCELLED, at, timezone.localdate(at)
            kept.save()
            record("printing.cancelled", kept, by=WRITER, at=at)
            run.advance()
            return {"people": 0, "villages": 0}
        kept.state, kept.ended_at = PrintingState.READY, at
        kept.people, kept.villages = sum(part.people for part in parts), len({part.region_code for part in parts})
        kept.size = sum(part.size for part in parts)
        kept.digest = hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
        kept.purge_on = timezone.localdate(at) + timedelta(days=settings.PRINTING_KEPT_DAYS)
        kept.save()
        record(
            "printing.made", kept, by=WRITER, at=at, people=kept.people, villages=kept.villages, content=kept.digest[:12]
        )
        run.advance(done=kept.people, total=kept.people)
        fault_point("papers.finish.after")
    return {"people": kept.people, "villages": kept.villages}


def _hold(run: Run, printing: Printing) -> Printing:
    """The printing under a row lock, while it is to be written."""
    kept = Printing.objects.select_for_update(of=("self",)).select_related("organization").get(pk=printing.pk)
    if kept.state != PrintingState.WRITING:
        run.check_stop()
        raise PapersRefused("STATE", state=kept.get_state_display())
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


def content_of(printing: Printing) -> Iterator[bytes]:
    """An archive of all PDFs, one frame of one part at a time. Bears no date."""
    parts = list(printing.parts.order_by("number"))
    names = Region.objects.names_of(part.region_code for part in parts)
    passing = _Passing()
    with zipfile.ZipFile(passing, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for part in parts:
            entry = zipfile.ZipInfo(_called(part, names.get(part.region_code, "")), _LONG_AGO)
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w") as target, storage.opened(part.storage_key, part.size) as source:
                while block := source.read(_READ):
                    target.write(block)
                    yield passing.taken()
    yield passing.taken()


def _called(part: PrintedPart, place: str) -> str:
    with override(LANGUAGE):
        more = f"-{part.stretch}" if part.stretch > 1 else ""
        return f"{part.region_code or _t('without a region')} {place}{more}.pdf".replace("/", " ")


def record(verb: str, printing: Printing, *, by: Any, at: datetime, **data: Any) -> None:
    """One event about a printing, in the transaction of its change."""
    events.record(
        verb, printing, by=by, at=at, organization=printing.organization, region_code=printing.region_code,
        program_id=printing.program_id, data=data,
    )
