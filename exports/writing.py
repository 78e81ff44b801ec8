"""Writes an export: at once into memory, or step by step into the sealed storage, resumable wherever it was killed."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from accounts.models import User
from audit import events
from audit.faults import fault_point
from exports import formats
from exports.errors import ExportsRefused
from exports.formats import Piece
from exports.listing import Listing, Wanted, reach_of
from exports.models import Export, ExportPart
from intake import storage
from jobs.actions import Run

#: Rows of a list that leave at once; more become a job.
AT_ONCE_ROWS = 5_000
#: Rows of one step of a job, and of one sealed part.
STEP_ROWS = 10_000
#: Rows of one export.
MOST_ROWS = 20_000_000
#: Bytes of one sealed part, far above what a step's rows come to.
_PART_LIMIT = 1 << 30
_READ = 1 << 20
WRITER = gettext_noop("system:exports")


def wanted_of(export: Export) -> Wanted:
    """Which rows were asked for."""
    said = json.loads(export.query.reveal()) if export.query is not None else {}
    picked = said.get("picked")
    return Wanted(said.get("query", ""), None if picked is None else tuple(picked))


def sealed_text(wanted: Wanted) -> str:
    """Which rows are asked for, as it is kept sealed."""
    return json.dumps({"query": wanted.query, "picked": wanted.picked}, ensure_ascii=False)


def cells_of(listing: Listing, rows: Sequence[Any]) -> Iterator[list[formats.Cell]]:
    """The rows' cells, column by column."""
    readers = [column.cell for column in listing.columns]
    for row in rows:
        yield [read(row) for read in readers]


def piece_in_memory(listing: Listing, kind: str) -> tuple[Piece, int]:
    """A small list as one piece; at most AT_ONCE_ROWS and one more, which tells that there are more."""
    rows, _place = listing.page("", size=AT_ONCE_ROWS + 1)
    content, plain, crc = _render(listing, kind, rows, row=1, crc=0)
    return Piece(1, len(rows), plain, crc, len(content), lambda: (content,)), len(rows)


def _render(listing: Listing, kind: str, rows: Sequence[Any], *, row: int, crc: int) -> tuple[bytes, int, int]:
    """Rows as bytes of the file from line `row` of a sheet on, with their plain size and the sheet's checksum."""
    cells = cells_of(listing, rows)
    if kind == formats.XLSX:
        return formats.sheet_piece(listing.columns, cells, row=row, crc=crc)
    content = formats.csv_piece(listing.columns, cells, first=row == 1)
    return content, len(content), 0


def write(run: Run) -> dict[str, Any]:
    """The work of a job: from where its last part ended to the end of the list. Each step asks anew what the asker may.

    A list is read page by page, each page as it stands then; no transaction is open while rows are read or sealed.
    """
    export = Export.objects.get(pk=run.arguments["export"])
    with translation.override(export.language):
        try:
            while not _step(run, export):
                run.check_stop()
            return _finish(run, export)
        except ExportsRefused as refused:
            if not _refuse(run, export, refused):
                raise
            # What became of it is the export's own matter: the work itself did not fail.
            return {"refused": refused.code}


def _listing(export: Export) -> Listing:
    """The list as the asker may see it now; refused when that is no longer what was asked for."""
    user = User.objects.get(pk=export.asked_by_id)
    listing = Listing(export.listing, user, wanted_of(export))
    if reach_of(user) != export.reach:
        raise ExportsRefused("REACH_CHANGED")
    return listing


@dataclass(frozen=True)
class _Reached:
    """Where the parts written so far end: `line` rows into sheet `sheet`."""

    number: int = 0
    place: str = ""
    sheet: int = 1
    line: int = 0
    rows: int = 0
    crc: int = 0


def _reached(export: Export) -> _Reached:
    parts = list(export.parts.order_by("number").values_list("number", "place", "sheet", "rows", "crc"))
    if not parts:
        return _Reached()
    number, place, sheet, _rows, crc = parts[-1]
    line = sum(rows for _number, _place, its_sheet, rows, _crc in parts if its_sheet == sheet)
    return _Reached(number, place, sheet, line, sum(part[3] for part in parts), crc)


def _step(run: Run, export: Export) -> bool:
    """Write one part; whether the list has ended. A part that was sealed and not written down is an orphan of its folder."""
    at = _reached(export)
    listing = _listing(export)
    size, is_book = STEP_ROWS, export.format == formats.XLSX
    if is_book and at.line >= formats.ROWS_OF_A_SHEET:
        at = replace(at, sheet=at.sheet + 1, line=0, crc=0)
    if is_book:
        size = min(size, formats.ROWS_OF_A_SHEET - at.line)
    total = run.total if at.number else listing.count()
    rows, place = listing.page(at.place, size=size)
    if not rows and at.number:
        return True
    done = at.rows + len(rows)
    if max(done, total or 0) > MOST_ROWS:
        raise ExportsRefused("TOO_MANY_ROWS")
    content, plain, crc = _render(listing, export.format, rows, row=at.line + 2 if at.line else 1, crc=at.crc)
    kept = storage.store(io.BytesIO(content), year=timezone.localdate().year, limit=_PART_LIMIT, folder=export.folder)
    with transaction.atomic():
        _hold(run, export)
        fault_point("exports.step.before")
        ExportPart.objects.create(
            export=export, number=at.number + 1, sheet=at.sheet, rows=len(rows), place=place, plain=plain, crc=crc,
            size=kept.size, storage_key=kept.key,
        )
        run.advance(done=done, total=None if total is None else max(total, done))
        fault_point("exports.step.after")
    return len(rows) < size


def _finish(run: Run, export: Export) -> dict[str, Any]:
    """Read the whole file once, which gives its digest and shows that it can be read, and declare it ready."""
    digest, size = hashlib.sha256(), 0
    for block in content_of(export):
        digest.update(block)
        size += len(block)
    at = timezone.now()
    with transaction.atomic():
        kept = _hold(run, export)
        rows = sum(kept.parts.values_list("rows", flat=True))
        fault_point("exports.finish.before")
        kept.state, kept.ended_at = Export.State.READY, at
        kept.rows, kept.size, kept.sha256 = rows, size, digest.hexdigest()
        kept.purge_on = timezone.localdate(at) + timedelta(days=settings.EXPORT_KEPT_DAYS)
        kept.save()
        record(kept, "export.made", by=kept.asked_by, at=at, data=facts_of(kept))
        run.advance(done=rows, total=rows)
        fault_point("exports.finish.after")
    return {"rows": rows, "bytes": size}


def _refuse(run: Run, export: Export, refused: ExportsRefused) -> bool:
    """Close an export that is not handed out, and let its parts go; whether it was still waiting."""
    at = timezone.now()
    with transaction.atomic():
        kept = Export.objects.select_for_update(of=("self",)).select_related("organization").get(pk=export.pk)
        if kept.state != Export.State.ASKED:
            return False
        fault_point("exports.refuse.before")
        kept.state, kept.refusal, kept.ended_at = Export.State.REFUSED, refused.code, at
        kept.purge_on = timezone.localdate(at)
        kept.save()
        record(kept, "export.refused", by=WRITER, at=at, data={"list": kept.listing, "code": refused.code})
        run.advance()
        fault_point("exports.refuse.after")
    return True


def _hold(run: Run, export: Export) -> Export:
    """The export under a row lock, while it is to be written."""
    found = Export.objects.select_for_update(of=("self",)).select_related("organization", "asked_by")
    kept = found.get(pk=export.pk)
    if kept.state != Export.State.ASKED:
        run.check_stop()
        raise ExportsRefused("NOT_WAITING", state=kept.get_state_display())
    return kept


def pieces_of(export: Export) -> list[Piece]:
    """The parts of an export, each opened when it is read."""
    return [
        Piece(part.sheet, part.rows, part.plain, part.crc, part.size, partial(_read, part.storage_key, part.size))
        for part in export.parts.order_by("number")
    ]


def _read(key: str, size: int) -> Iterator[bytes]:
    with storage.opened(key, size) as source:
        while block := source.read(_READ):
            yield block


def content_of(export: Export) -> Iterator[bytes]:
    """The bytes of a file, one frame of one part at a time."""
    with translation.override(export.language):
        title = export.title
    return formats.file_of(export.format, pieces_of(export), title=title)


def facts_of(export: Export) -> dict[str, Any]:
    """What the event tells of a file: counts, codes and names of filters, nothing of a person."""
    return {
        "list": export.listing, "format": export.format, "rows": export.rows, "bytes": export.size,
        "content": export.sha256[:12], "filters": export.narrowed, "purpose": export.purpose,
    }


def record(export: Export, verb: str, *, by: Any, at: datetime, data: dict[str, Any]) -> None:
    """One event about an export, in the transaction of its change."""
    organization = export.organization
    events.record(verb, export, by=by, at=at, organization=organization, region_code=organization.region_code, data=data)
