"""Writes a sending: telephones put together, then batch after batch to the connector; goes on wherever it was killed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit import events, keys
from audit.faults import fault_point
from intake import storage
from jobs.actions import Run
from outreach.choosing import SPEAKS
from outreach.composing import PHONE, messages_of
from outreach.connectors import Batch, connector
from outreach.errors import OutreachRefused
from outreach.models import Reach, Sending, SendingLine, SendingPart, SendingState

WRITER = gettext_noop("system:outreach")
#: Messages of one batch, and of one file of it.
STEP_MESSAGES = 10_000
#: Telephones read at once while they are put together.
_AT_ONCE = 50_000
_READ = 1 << 20
_LONG_AGO = (1980, 1, 1, 0, 0, 0)

_PHONES = f"""
SELECT l.number, {PHONE}, e.starts_at, e.ends_at
FROM outreach_sendingline l JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
JOIN beneficiaries_beneficiary b ON b.id = e.beneficiary_id
JOIN beneficiaries_person p ON p.id = e.person_id
LEFT JOIN LATERAL ({SPEAKS}) speaks ON true
WHERE l.sending_id = %(sending)s AND l.reach = 'phone' AND l.number > %(after)s AND {PHONE} IS NOT NULL
ORDER BY l.number LIMIT %(most)s
"""  # noqa: S608 - words of this room
_TOGETHER = """
UPDATE outreach_sendingline l SET told_with = shared.head FROM unnest(%s::int[], %s::int[]) AS shared(number, head)
WHERE l.sending_id = %s AND l.number = shared.number
"""


def write(run: Run) -> dict[str, Any]:
    """The work of a job. What the connector does is done outside of any transaction."""
    sending = Sending.objects.select_related("organization", "program", "period", "wording").get(pk=run.arguments["sending"])
    if sending.grouped and sending.grouped_at is None:
        _put_together(run, sending)
        run.check_stop()
    while _step(run, sending):
        run.check_stop()
    return _finish(run, sending)


def _put_together(run: Run, sending: Sending) -> None:
    """Who shares a telephone, and days of cover, is told with the first of them."""
    numbers, heads = _shared(sending)
    with transaction.atomic():
        kept = _hold(run, sending)
        fault_point("outreach.group.before")
        if numbers:
            with connection.cursor() as cursor:
                cursor.execute(_TOGETHER, [numbers, heads, sending.pk])
        kept.grouped_at = timezone.now()
        kept.save(update_fields=["grouped_at"])
        run.advance(total=sending.people)
        fault_point("outreach.group.after")


def _shared(sending: Sending) -> tuple[list[int], list[int]]:
    """Lines whose telephone an earlier line has, and that line of each."""
    frames, after = [], 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                _PHONES, {"sending": sending.pk, "after": after, "most": _AT_ONCE, "at": sending.released_at}
            )
            rows = cursor.fetchall()
        if not rows:
            break
        number, phone, starts_at, ends_at = zip(*rows, strict=True)
        opened = keys.open_many((bytes(token) for token in phone), "beneficiary.phone")
        frames.append(pl.DataFrame({"number": number, "phone": opened, "starts_at": starts_at, "ends_at": ends_at}))
        after = number[-1]
    if not frames:
        return [], []
    lines = pl.concat(frames).with_columns(head=pl.col("number").min().over("phone", "starts_at", "ends_at"))
    shared = lines.filter(pl.col("number") != pl.col("head"))
    return shared["number"].to_list(), shared["head"].to_list()


def _step(run: Run, sending: Sending) -> bool:
    """Hand the next batch on; whether there was one. A file that was sealed and not written down is an orphan of its folder."""
    reached = sending.parts.order_by("-number").first()
    number, after = (reached.number, reached.last_line) if reached else (0, 0)
    lines = SendingLine.objects.filter(sending=sending, reach=Reach.PHONE, told_with__isnull=True, number__gt=after)
    heads = list(lines.order_by("number").values_list("number", flat=True)[:STEP_MESSAGES])
    if not heads:
        return False
    messages = messages_of(sending, heads)
    batch = Batch(
        f"{sending.pk}-{number + 1}", sending.folder, messages, sending.earliest_hour, sending.latest_hour
    )
    # Nobody of a batch may be told any more: there is nothing to hand on.
    taken = connector().send(batch) if messages else None
    with transaction.atomic():
        _hold(run, sending)
        fault_point("outreach.step.before")
        SendingPart.objects.create(
            sending=sending, number=number + 1, last_line=heads[-1], messages=taken.messages if taken else 0,
            storage_key=taken.storage_key if taken else "", size=taken.size if taken else 0,
            reference=taken.reference if taken else "",
        )
        run.advance(done=heads[-1], total=sending.people)
        fault_point("outreach.step.after")
    return True


def _finish(run: Run, sending: Sending) -> dict[str, Any]:
    at = timezone.now()
    with transaction.atomic():
        kept = _hold(run, sending)
        fault_point("outreach.finish.before")
        kept.state, kept.written_at = SendingState.READY, at
        kept.messages = sum(part.messages for part in kept.parts.all())
        kept.purge_on = timezone.localdate(at) + timedelta(days=settings.SENDING_KEPT_DAYS)
        kept.save(update_fields=["state", "written_at", "messages", "purge_on"])
        record("sending.written", kept, by=WRITER, at=at, messages=kept.messages, people=kept.people)
        run.advance(done=kept.people, total=kept.people)
        fault_point("outreach.finish.after")
    return {"messages": kept.messages, "people": kept.people}


def _hold(run: Run, sending: Sending) -> Sending:
    """The sending under a row lock, while it is to be written."""
    kept = Sending.objects.select_for_update(of=("self",)).select_related("organization").get(pk=sending.pk)
    if kept.state != SendingState.RELEASED:
        run.check_stop()
        raise OutreachRefused("STATE", state=kept.get_state_display())
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


def content_of(sending: Sending) -> Iterator[bytes]:
    """An archive of the files for the gateway, a frame of one at a time. Bears no date."""
    passing = _Passing()
    with zipfile.ZipFile(passing, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for part in sending.parts.exclude(storage_key="").order_by("number"):
            entry = zipfile.ZipInfo(f"{sending.pk}-{part.number}.csv", _LONG_AGO)
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w") as target, storage.opened(part.storage_key, part.size) as source:
                while block := source.read(_READ):
                    target.write(block)
                    yield passing.taken()
    yield passing.taken()


def record(verb: str, sending: Sending, *, by: Any, at: Any, **data: Any) -> None:
    """One event about a sending, in the transaction of its change."""
    events.record(
        verb, sending, by=by, at=at, organization=sending.organization, region_code=sending.region_code,
        program_id=sending.program_id, data=data,
    )
