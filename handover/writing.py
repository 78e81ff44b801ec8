"""Writes the file of a hand-over: by a job, step by step into the sealed storage, resumable wherever it was killed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit import events, keys
from audit.faults import fault_point
from exports import formats
from exports.formats import Piece
from handover import cells
from handover.columns import FileColumn, columns_of
from handover.errors import HandOverRefused
from handover.fields import BY_KEY
from handover.models import Direction, HandOver, HandOverPart, HandOverState
from intake import storage
from jobs.actions import Run

#: Lines of one step of the job, and of one sealed part.
STEP_LINES = 20_000
#: Bytes of one sealed part, far above what a step's lines come to.
_PART_LIMIT = 1 << 30
_READ = 1 << 20
WRITER = "system:handover"

#: Field -> how it is read of a line, and the logical name of its seal.
_READ_AS: dict[str, str] = {
    "line": "l.number", "name": "p.name", "document_type": "p.document_type", "document": "p.document", "sex": "p.sex",
    "birth_on": "p.birth_on", "phone": "b.phone", "address": "b.address", "guardian_name": "b.guardian_name",
    "guardian_document": "b.guardian_document", "region_code": "e.region_code", "region": "region.full_name",
    "category": "c.name", "plan": "plan.name", "premium": "e.premium", "own_share": "e.own_share",
    "starts_on": "(e.starts_at AT TIME ZONE %(zone)s)::date",
    "ends_on": "((e.ends_at - interval '1 microsecond') AT TIME ZONE %(zone)s)::date",
    "policy_number": "coalesce(nullif(e.insurer_policy_number, ''), told.policy_number, '')",
    "leave_reason": "l.leave_reason", "left_on": "l.last_day",
}
_SEALED = {
    "name": "person.name", "document": "person.document", "phone": "beneficiary.phone", "address": "beneficiary.address",
    "guardian_name": "beneficiary.guardian_name", "guardian_document": "beneficiary.guardian_document",
}
_KINDS: dict[str, Any] = {"day": pl.Date, "money": pl.Decimal(16, 2), "whole": pl.Int64}
_LINES = """
SELECT e.id, {facts} FROM handover_handoverline l
JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
JOIN beneficiaries_person p ON p.id = e.person_id
JOIN beneficiaries_beneficiary b ON b.id = e.beneficiary_id
JOIN programs_category c ON c.id = e.category_id
JOIN programs_plan plan ON plan.id = e.plan_id
LEFT JOIN accounts_region region ON region.code = e.region_code
{told} WHERE l.hand_over_id = %(hand_over)s AND l.number > %(after)s AND l.number <= %(last)s ORDER BY l.number
"""
# Whoever goes was told of before, under the policy that the insurer then gave.
_TOLD = """
LEFT JOIN handover_handoverline told ON told.enrollment_id = l.enrollment_id AND told.direction = 'entry' AND told.stands
"""


def columns_for(hand_over: HandOver) -> list[FileColumn]:
    """The columns of its file."""
    return columns_of(hand_over.format.columns, leaves=hand_over.direction == Direction.LEAVE)


def facts_of(hand_over: HandOver, columns: Sequence[FileColumn], *, after: int, last: int) -> pl.DataFrame:
    """What the columns name of lines `after` to `last`, and nothing else: only that is opened from its seal."""
    wanted = list(dict.fromkeys(column.field for column in columns if column.field in _READ_AS))
    facts = ", ".join([_READ_AS[field] for field in wanted] or ["NULL"])
    with connection.cursor() as cursor:
        cursor.execute(
            _LINES.format(facts=facts, told=_TOLD if "policy_number" in wanted else ""),
            {"zone": settings.TIME_ZONE, "hand_over": hand_over.pk, "after": after, "last": last},
        )
        read = list(zip(*cursor.fetchall(), strict=True))
    if not read:
        raise HandOverRefused("NOBODY")
    found = {"enrollment_id": pl.Series("enrollment_id", read[0], dtype=pl.Int64)}
    for field, values in zip(wanted, read[1:], strict=False):
        plain = _opened(values, _SEALED[field]) if field in _SEALED else values
        found[field] = pl.Series(field, plain, dtype=_KINDS.get(BY_KEY[field].kind, pl.String))
    return pl.DataFrame(list(found.values())).with_columns(
        number=cells.cover_numbers(hand_over.program.code, hand_over.period.code), program=pl.lit(hand_over.program.name)
    )


def _opened(tokens: Sequence[Any], logical_name: str) -> list[str | None]:
    return keys.open_many((bytes(token) if token is not None else None for token in tokens), logical_name)


def write(run: Run) -> dict[str, Any]:
    """The work of a job: from where its last part ended to the last line."""
    hand_over = HandOver.objects.select_related("program", "period", "format").get(pk=run.arguments["hand_over"])
    while _step(run, hand_over):
        run.check_stop()
    return _finish(run, hand_over)


def _step(run: Run, hand_over: HandOver) -> bool:
    """Write one part; whether there was one to write. A part that was sealed and not written down is an orphan of its folder."""
    reached = hand_over.parts.order_by("-number").first()
    number, after, sheet, crc = (reached.number, reached.last_line, reached.sheet, reached.crc) if reached else (0, 0, 1, 0)
    if after >= hand_over.people:
        return False
    place, is_book = after, hand_over.format.file_kind == "xlsx"
    last = min(after + STEP_LINES, hand_over.people)
    if is_book:
        turn, place = divmod(after, formats.ROWS_OF_A_SHEET)
        last = min(last, (turn + 1) * formats.ROWS_OF_A_SHEET)
        sheet, crc = turn + 1, crc if place else 0
    columns, kept_format = columns_for(hand_over), hand_over.format
    facts = facts_of(hand_over, columns, after=after, last=last)
    content, plain, crc = cells.piece_of(
        cells.cells_of(facts, columns, dates=kept_format.dates, codes=kept_format.codes), columns,
        file_kind=kept_format.file_kind, encoding=kept_format.encoding, row=place + 2, crc=crc,
    )
    kept = storage.store(io.BytesIO(content), year=timezone.localdate().year, limit=_PART_LIMIT, folder=hand_over.folder)
    with transaction.atomic():
        _hold(run, hand_over)
        fault_point("handover.step.before")
        HandOverPart.objects.create(
            hand_over=hand_over, number=number + 1, rows=len(facts), last_line=last, sheet=sheet, plain=plain, crc=crc,
            size=kept.size, storage_key=kept.key,
        )
        run.advance(done=last, total=hand_over.people)
        fault_point("handover.step.after")
    return True


def _finish(run: Run, hand_over: HandOver) -> dict[str, Any]:
    """Read the whole file once, which gives its digest and shows that it can be read, and declare it ready."""
    digest, size = hashlib.sha256(), 0
    for block in content_of(hand_over):
        digest.update(block)
        size += len(block)
    at = timezone.now()
    with transaction.atomic():
        kept = _hold(run, hand_over)
        fault_point("handover.finish.before")
        kept.written_at, kept.size, kept.sha256 = at, size, digest.hexdigest()
        kept.purge_on = timezone.localdate(at) + timedelta(days=kept.kept_days)
        kept.save(update_fields=["written_at", "size", "sha256", "purge_on"])
        events.record(
            "hand_over.written", kept, by=WRITER, at=at, organization=kept.organization, region_code=kept.region_code,
            program_id=kept.program_id, data={"people": kept.people, "bytes": size, "sha256": kept.sha256[:12]},
        )
        run.advance(done=kept.people, total=kept.people)
        fault_point("handover.finish.after")
    return {"people": kept.people, "bytes": size}


def _hold(run: Run, hand_over: HandOver) -> HandOver:
    """The hand-over under a row lock, while its file is to be written."""
    kept = HandOver.objects.select_for_update(of=("self",)).select_related("organization").get(pk=hand_over.pk)
    if kept.state not in (HandOverState.RELEASED, HandOverState.ANSWERED) or kept.written_at is not None:
        run.check_stop()
        raise HandOverRefused("STATE", state=kept.get_state_display())
    return kept


def content_of(hand_over: HandOver) -> Iterator[bytes]:
    """The bytes of a file, one frame of one part at a time."""
    pieces = [
        Piece(part.sheet, part.rows, part.plain, part.crc, part.size, partial(_read, part.storage_key, part.size))
        for part in hand_over.parts.order_by("number")
    ]
    return formats.file_of(hand_over.format.file_kind, pieces, title="名单")


def _read(key: str, size: int) -> Iterator[bytes]:
    with storage.opened(key, size) as source:
        while block := source.read(_READ):
            yield block
