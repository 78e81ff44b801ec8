"""Marks kept true: of rows to be staged, of people whose name or telephone another way than a roster's changed, of old rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction

from audit import blind_index, keys
from audit.digests import Digest
from audit.errors import KeyDestroyed
from audit.faults import fault_point
from audit.models.keys import SLOTS
from beneficiaries.marks import name_cells, name_marks, phone_cells, phone_mark
from beneficiaries.models import Beneficiary
from beneficiaries.models.person import MARK
from intake.findings import Severity
from intake.framing import Cells
from jobs.actions import Run, enqueue
from jobs.errors import JobsRefused
from jobs.models import Job

KIND, BY = "beneficiaries.mark_people", "system:search"
#: Beneficiaries of one step.
BATCH = 5_000
_NAME, _PHONE = "person.name", "beneficiary.phone"
_READ = """
SELECT b.id, p.name, b.phone FROM beneficiaries_beneficiary b JOIN beneficiaries_person p ON p.id = b.person_id
WHERE b.id = ANY(%s) ORDER BY b.id
"""
# Locked before the names are read: who waited for a correction reads the name that it left.
_LOCK = "SELECT FROM beneficiaries_beneficiary WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_WRITE = """
UPDATE beneficiaries_beneficiary b SET name_mark_a = fresh.name_a, name_mark_b = fresh.name_b, phone_mark_a = fresh.phone_a,
    phone_mark_b = fresh.phone_b
FROM unnest(%s::bigint[], %s::smallint[], %s::smallint[], %s::smallint[], %s::smallint[])
    AS fresh(id, name_a, name_b, phone_a, phone_b)
WHERE b.id = fresh.id
"""
_NEW = """
SELECT beneficiary_id FROM roster_work WHERE is_new_beneficiary AND name_mark_a IS NULL AND name_mark_b IS NULL
"""


def cells(frame: pl.DataFrame, context: Any, stems: Sequence[str]) -> dict[str, Cells]:
    """The marks of a chunk's rows that are not refused, in the slots that new rows fill, as COPY takes them."""
    usable = pl.col("worst") < Severity.ERROR.weight
    found: dict[str, Cells] = {}
    for slot in context.mark_slots if stems else ():
        if "name_mark" in stems:
            names = frame.select(pl.when(usable).then("name")).to_series()
            found[f"name_mark_{slot}"] = name_cells(blind_index.digest_for(MARK, slot), names)
        phones = frame.select(pl.when(usable).then("phone")).to_series().to_list()
        found[f"phone_mark_{slot}"] = phone_cells(blind_index.index_many(MARK, phones, slot))
    return found


def mark(beneficiaries: Iterable[int]) -> int:
    """Make the marks of beneficiaries anew in the caller's transaction; how many they are."""
    numbers = sorted(set(beneficiaries))
    if not numbers:
        return 0
    fault_point("beneficiaries.mark.before")
    with connection.cursor() as cursor:
        digests = blind_index.live_digests(MARK)
        cursor.execute(_LOCK, [numbers])
        cursor.execute(_READ, [numbers])
        rows = cursor.fetchall()
        names, phones = _opened([row[1] for row in rows], _NAME), _opened([row[2] for row in rows], _PHONE)
        by_name, by_phone = [], []
        for slot in SLOTS:
            empty: list[int | None] = [None] * len(rows)
            by_name.append(_of_names(digests[slot], names) if slot in digests else empty)
            by_phone.append(_of_phones(digests[slot], rows, phones) if slot in digests else empty)
        cursor.execute(_WRITE, [[row[0] for row in rows], *by_name, *by_phone])
    fault_point("beneficiaries.mark.after")
    return len(rows)


def mark_people(*people: int) -> int:
    """Make the marks of whatever offices know of these people anew, in the caller's transaction."""
    return mark(Beneficiary.objects.filter(person__in=people).values_list("pk", flat=True))


def mark_new(cursor: Any) -> None:
    """Mark the beneficiaries of a chunk whose rows brought no mark: staged by an earlier release, or of a known person's name."""
    cursor.execute(_NEW)
    mark(number for (number,) in cursor.fetchall())


def mark_unmarked(run: Run) -> Mapping[str, Any]:
    """Mark everybody who is not marked yet, step by step; goes on after the last step that was committed."""
    done = 0
    while True:
        run.check_stop()
        with transaction.atomic():
            last = (run.cursor or {}).get("last", 0)
            numbers = list(
                Beneficiary.objects.unmarked().filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
            )
            if not numbers:
                return {"marked": done}
            done += mark(numbers)
            run.advance(more=len(numbers), cursor={"last": numbers[-1]})


def unfinished() -> bool:
    """Whether somebody is not marked yet, whom a search may miss."""
    return Beneficiary.objects.unmarked().exists()


def queue_marking(*, at: datetime) -> Job | None:
    """A job for whoever is not marked; None where all are, or a job is at it."""
    if not unfinished():
        return None
    try:
        return enqueue(KIND, arguments={}, subject=None, organization=None, region_code="", by=BY, at=at)
    except JobsRefused as refused:
        if refused.code != "ALREADY_LIVE":
            raise
        return None


_ALL = """
SELECT b.id, p.name, b.phone, {marks} FROM beneficiaries_beneficiary b JOIN beneficiaries_person p ON p.id = b.person_id
WHERE b.id > %s ORDER BY b.id LIMIT %s
"""


def wrong_marks() -> Iterator[int]:
    """Beneficiaries whose marks are not those of their person's name and of their telephone; who has none yet is not wrong.

    For `manage.py verify`: every name and telephone is opened.
    """
    slot, last = blind_index.active_slot(MARK), 0
    digest = blind_index.digest_for(MARK, slot)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_ALL.format(marks=f"b.name_mark_{slot}, b.phone_mark_{slot}"), [last, BATCH])
            rows = cursor.fetchall()
        if not rows:
            return
        names, phones = _opened([row[1] for row in rows], _NAME), _opened([row[2] for row in rows], _PHONE)
        facts = zip(rows, names, _of_names(digest, names), phones, _of_phones(digest, rows, phones), strict=True)
        for (number, _name, sealed, by_name, by_phone), name, name_told, phone, phone_told in facts:
            named = by_name is None or name is None or by_name == name_told
            dialed = by_phone is None or (sealed is not None and (phone is None or by_phone == phone_told))
            if not (named and dialed):
                yield number
        last = rows[-1][0]


def _of_names(digest: Digest, names: list[str | None]) -> list[int | None]:
    """Their marks; of a name that nobody can read any more one that is right for nobody."""
    return name_marks(digest, pl.Series([name or os.urandom(8).hex() for name in names], dtype=pl.String))


def _of_phones(digest: Digest, rows: list[Any], phones: list[str | None]) -> list[int | None]:
    return [
        None if row[2] is None else phone_mark(digest, phone or os.urandom(8).hex())
        for row, phone in zip(rows, phones, strict=True)
    ]


def _opened(tokens: list[Any], logical_name: str) -> list[str | None]:
    """The texts of tokens; of what nobody can read any more None."""
    column = [None if token is None else bytes(token) for token in tokens]
    try:
        return keys.open_many(column, logical_name)
    except KeyDestroyed:
        return [_readable(token, logical_name) for token in column]


def _readable(token: bytes | None, logical_name: str) -> str | None:
    try:
        return keys.open_many([token], logical_name)[0]
    except KeyDestroyed:
        return None
