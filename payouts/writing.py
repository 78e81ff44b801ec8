"""Writes the file of a batch: by a job, step by step into the sealed storage, resumable wherever it was killed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.utils import timezone

from audit import events, keys
from audit.faults import fault_point
from claims.models import Payable
from intake import storage
from jobs.actions import Run
from payouts import choosing
from payouts.columns import columns_of
from payouts.errors import PayoutsRefused
from payouts.models import Batch, BatchPart, BatchState
from payouts.rendering import Layout, Whole, first_bytes, last_bytes, payout_bytes

#: Lines of one step of the job, and of one sealed part.
STEP_LINES = 50_000
#: Bytes of one sealed part, far above what a step's lines come to.
_PART_LIMIT = 1 << 30
_READ = 1 << 20
WRITER = "system:payouts"
# Read as it was approved: a payee that is not what the line's digest says is in no file.
_LINES = f"""
SELECT l.number, l.amount, l.in_bank, p.payee_name, p.payee_account, p.bank_name, p.bank_code, l.payee = {choosing.PAYEE}
FROM payouts_batchline l JOIN claims_payable p ON p.id = l.payable_id
WHERE l.batch_id = %s AND l.number > %s AND l.state = 'open' ORDER BY l.number LIMIT %s
"""  # noqa: S608 - words of this room


def layout_of(kept: Any) -> Layout:
    """How a format writes."""
    return Layout(
        columns=columns_of(kept.columns), head_lines=kept.head_lines, foot_lines=kept.foot_lines, codes=kept.codes,
        encoding=kept.encoding, separator=kept.separator, line_end=kept.line_end, dates=kept.dates, amounts=kept.amounts,
        dangerous=kept.dangerous, has_headings=kept.has_headings,
    )


def whole_of(batch: Batch) -> Whole:
    """What is the same in all lines of a batch's file."""
    if batch.released_at is None:
        raise PayoutsRefused("BATCH_STATE", state=batch.get_state_display())
    number = batch.payer.number
    return Whole(
        batch=batch.reference, count=batch.lines, amount=batch.amount, payer_account=number.reveal() if number else "",
        payer_name=batch.payer.holder, purpose=batch.purpose, day=timezone.localdate(batch.released_at),
    )


def write(run: Run) -> dict[str, Any]:
    """The work of a job: from where its last part ended to the last line."""
    batch = Batch.objects.select_related("payer", "format").get(pk=run.arguments["batch"])
    while _step(run, batch):
        run.check_stop()
    return _finish(run, batch)


def payouts_of(batch: Batch, *, after: int, most: int) -> pl.DataFrame:
    """Lines after a number with names and accounts in the clear."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [batch.pk, after, most])
        rows = cursor.fetchall()
    if not all(row[7] for row in rows):
        raise PayoutsRefused("STALE")
    number, amount, in_bank, names, accounts, bank, bank_code = (
        [list(column) for column in zip(*(row[:7] for row in rows), strict=True)] if rows else [[]] * 7
    )
    fields: Any = Payable._meta
    return pl.DataFrame(
        {
            "number": pl.Series(number, dtype=pl.Int64), "amount": pl.Series(amount, dtype=pl.Decimal(16, 2)),
            "in_bank": pl.Series(in_bank, dtype=pl.Boolean), "name": _opened(names, fields.get_field("payee_name").logical_name),
            "account": _opened(accounts, fields.get_field("payee_account").logical_name),
            "bank": pl.Series(bank, dtype=pl.String), "bank_code": pl.Series(bank_code, dtype=pl.String),
        }
    ).with_columns(line_key=pl.lit(f"{batch.reference}-") + pl.col("number").cast(pl.String).str.zfill(6))


def _opened(tokens: Sequence[Any], logical_name: str) -> pl.Series:
    return pl.Series(keys.open_many((bytes(token) for token in tokens), logical_name), dtype=pl.String)


def _step(run: Run, batch: Batch) -> bool:
    """Write one part; whether there was one to write. A part that was sealed and not written down is an orphan of its folder."""
    reached = batch.parts.order_by("-number").first()
    number, after = (reached.number, reached.last_line) if reached else (0, 0)
    written = sum(batch.parts.values_list("rows", flat=True))
    if written >= batch.lines:
        return False
    layout, whole = layout_of(batch.format), whole_of(batch)
    payouts = payouts_of(batch, after=after, most=STEP_LINES)
    if payouts.is_empty():
        raise RuntimeError(f"batch {batch.pk}: {written} of {batch.lines} lines can be written")
    content = payout_bytes(payouts, layout, whole)
    if not number:
        content = first_bytes(layout, whole) + content
    if written + len(payouts) >= batch.lines:
        content += last_bytes(layout, whole)
    kept = storage.store(io.BytesIO(content), year=timezone.localdate().year, limit=_PART_LIMIT, folder=batch.folder)
    with transaction.atomic():
        _hold(run, batch)
        fault_point("payouts.step.before")
        BatchPart.objects.create(
            batch=batch, number=number + 1, rows=len(payouts), last_line=payouts["number"][-1], size=kept.size,
            sha256=kept.sha256, storage_key=kept.key,
        )
        run.advance(done=written + len(payouts), total=batch.lines)
        fault_point("payouts.step.after")
    return True


def _finish(run: Run, batch: Batch) -> dict[str, Any]:
    """Read the whole file once, which gives its checksum and shows that it can be read, and declare it ready."""
    digest, size = hashlib.sha256(), 0
    for block in content_of(batch):
        digest.update(block)
        size += len(block)
    at = timezone.now()
    with transaction.atomic():
        kept = _hold(run, batch)
        fault_point("payouts.finish.before")
        kept.written_at, kept.size, kept.sha256 = at, size, digest.hexdigest()
        kept.save(update_fields=["written_at", "size", "sha256"])
        events.record(
            "payout_batch.written", kept, by=WRITER, at=at, organization=kept.organization, region_code=kept.region_code,
            program_id=kept.program_id,
            data={"batch": kept.reference, "lines": kept.lines, "amount": str(kept.amount), "sha256": kept.sha256[:12]},
        )
        run.advance(done=kept.lines, total=kept.lines)
        fault_point("payouts.finish.after")
    return {"lines": kept.lines, "bytes": size}


def _hold(run: Run, batch: Batch) -> Batch:
    """The batch under a row lock, while its file is to be written."""
    kept = Batch.objects.select_for_update(of=("self",)).select_related("organization").get(pk=batch.pk)
    if kept.state != BatchState.RELEASED or kept.written_at is not None:
        run.check_stop()
        raise PayoutsRefused("BATCH_STATE", state=kept.get_state_display())
    return kept


def content_of(batch: Batch) -> Iterator[bytes]:
    """The bytes of a file, a block at a time."""
    for part in batch.parts.order_by("number"):
        with storage.opened(part.storage_key, part.size) as source:
            while block := source.read(_READ):
                yield block


def refuse_damaged(batch: Batch) -> None:
    """PayoutsRefused unless the file is, byte for byte, what was written."""
    digest = hashlib.sha256()
    for block in content_of(batch):
        digest.update(block)
    if digest.hexdigest() != batch.sha256:
        raise PayoutsRefused("FILE_DAMAGED")


def file_name(batch: Batch) -> str:
    """What its file is called at the bank: by its number, always the same."""
    return f"{batch.reference}.{'csv' if batch.format.separator == ',' else 'txt'}"
