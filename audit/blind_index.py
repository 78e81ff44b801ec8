"""Exact search of sealed values: keyed digests in two slots, so that a key can be changed while both stay readable."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Q

from audit import events, keys, sealing
from audit.digests import SIZE, Digest, keyed_digest
from audit.errors import AuditRefused, KeyDestroyed
from audit.faults import fault_point
from audit.models.keys import SLOTS, DataKey

BATCH = 2_000


@dataclass(frozen=True)
class BlindIndex:
    """One indexed text of one model: columns `<stem>_a` and `<stem>_b`, and how a row gives its text.

    `made`: what the column holds where that is not the digest itself; `beside`: relations that `text_of` reads.
    """

    purpose: str
    model_label: str
    stem: str
    text_of: Callable[[models.Model], str | None]
    made: Callable[[Digest, str], Any] | None = None
    beside: tuple[str, ...] = ()


_registered: dict[str, list[BlindIndex]] = {}
_waiting: dict[str, list[Callable[[str], int]]] = {}


def register(index: BlindIndex) -> None:
    """Make an index known to the rotation; called once per index from `ready()`."""
    held = _registered.setdefault(index.purpose, [])
    if index not in held:
        held.append(index)


def register_waiting(purpose: str, count: Callable[[str], int]) -> None:
    """Hold the switch to a new slot while rows wait that lack it and may not be changed; `count(slot)` says how many."""
    held = _waiting.setdefault(purpose, [])
    if count not in held:
        held.append(count)


def registered() -> list[BlindIndex]:
    """All indexes."""
    return [index for held in _registered.values() for index in held]


def digest_for(purpose: str, slot: str | None = None) -> Digest:
    """The keyed digest of a slot, the answering one by default."""
    return _digest(_key(purpose, slot))


@dataclass(frozen=True)
class _LiveKey:
    """A key in a slot of a purpose, and whether that slot answers searches."""

    pk: int
    slot: str
    algorithm: str
    answers: bool


#: Asked at each search and each written row: composed by hand, since composing it anew costs ten times what it takes.
_LIVE = (
    "SELECT id, slot, algorithm, answers FROM audit_datakey "
    "WHERE kind = 'index' AND purpose = %s AND retired_at IS NULL ORDER BY slot"
)


def _live(purpose: str) -> list[_LiveKey]:
    """The one or two keys of a purpose as they are now: a rotation must be seen by the next row."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, [purpose])
        return [_LiveKey(*row) for row in cursor.fetchall()]


def _digest(key: _LiveKey) -> Digest:
    return keyed_digest(key.algorithm, keys.secret_of(key.pk))


def index_value(purpose: str, text: str) -> bytes:
    """The answering slot's value of one text."""
    return digest_for(purpose)(text)


def index_many(purpose: str, texts: Iterable[str | None], slot: str | None = None) -> list[bytes | None]:
    """A column of texts in one slot; an empty or missing text stays None."""
    key = _key(purpose, slot)
    return sealing.digest(key.algorithm, keys.secret_of(key.pk), list(texts))


def active_slot(purpose: str) -> str:
    """The slot that answers searches, or will once there is a key: whoever only reads makes none."""
    return next((key.slot for key in _live(purpose) if key.answers), SLOTS[0])


def written_slots(purpose: str) -> list[str]:
    """Slots that new rows must fill: the answering one, and one that is being built.

    Within a transaction the answer holds to its end: a rebuild begins, and switches, between writers only.
    """
    if connection.in_atomic_block:
        _lock(purpose, shared=True)
    live = _live(purpose)
    return [key.slot for key in live] if any(key.answers for key in live) else [_key(purpose, None).slot]


def live_digests(purpose: str) -> dict[str, Digest]:
    """Slot -> digest, of every slot that new rows must fill."""
    return {slot: digest_for(purpose, slot) for slot in written_slots(purpose)}


def slot_values(purpose: str, stem: str, text: str | None) -> dict[str, bytes | None]:
    """Column -> value for a new or changed row."""
    filled = written_slots(purpose) if text else []
    return {f"{stem}_{slot}": digest_for(purpose, slot)(text) if slot in filled and text else None for slot in SLOTS}


def lookup(purpose: str, stem: str, text: str) -> Q:
    """The condition that finds a text."""
    key = _key(purpose, None)
    return Q(**{f"{stem}_{key.slot}": _digest(key)(text)})


def begin_rebuild(purpose: str, *, at: datetime) -> DataKey:
    """Make a second key; from its commit on new rows fill both slots. Waits for writers that know one slot only."""
    free = _other(_key(purpose, None).slot)
    if DataKey.objects.filter(kind="index", purpose=purpose, slot=free, retired_at=None).exists():
        raise AuditRefused("INDEX_BUILDING", purpose=purpose)
    for index in _registered.get(purpose, []):
        _empty(index, free)
    with transaction.atomic():
        _lock(purpose, shared=False)
        live = DataKey.objects.select_for_update().filter(kind="index", purpose=purpose, retired_at=None)
        if [key.slot for key in live] != [_other(free)]:
            raise AuditRefused("INDEX_BUILDING", purpose=purpose)
        fault_point("audit.index_begin.before")
        key = keys.make_key(kind="index", purpose=purpose, program_code="", year=0, slot=free)
        events.record("index.rebuild_begun", key, by=keys.SYSTEM, at=at, data={"purpose": purpose})
        fault_point("audit.index_begin.after")
    return key


def rebuild(purpose: str, *, on_batch: Callable[[int], None] | None = None) -> int:
    """Fill the slot that is being built, batch by batch; goes on where it was stopped. Rows filled now."""
    answering = _key(purpose, None).slot
    building = _other(answering)
    digest = digest_for(purpose, building)
    filled = 0
    for index in _registered.get(purpose, []):
        model = apps.get_model(index.model_label)
        column, source = f"{index.stem}_{building}", f"{index.stem}_{answering}"
        last = 0
        while True:
            with transaction.atomic():
                waiting = Q(**{f"{column}__isnull": True, f"{source}__isnull": False, "pk__gt": last})
                found = model._default_manager.select_related(*index.beside) if index.beside else model._default_manager
                rows = list(found.select_for_update(of=("self",)).filter(waiting).order_by("pk")[:BATCH])
                if not rows:
                    break
                for row in rows:
                    setattr(row, column, _value_of(index, row, digest))
                fault_point("audit.index_rebuild.before")
                model._default_manager.bulk_update(rows, [column], batch_size=500)
                fault_point("audit.index_rebuild.after")
                last = rows[-1].pk
            filled += len(rows)
            if on_batch is not None:
                on_batch(filled)
    return filled


def finish_rebuild(purpose: str, *, at: datetime) -> None:
    """Let the new slot answer and retire the old key; refused while a row lacks the new value."""
    with transaction.atomic():
        _lock(purpose, shared=False)
        old = DataKey.objects.select_for_update().get(pk=_key(purpose, None).pk)
        building = _other(old.slot)
        new = DataKey.objects.select_for_update().get(kind="index", purpose=purpose, slot=building, retired_at=None)
        missing = sum(
            apps.get_model(index.model_label)._default_manager.filter(
                **{f"{index.stem}_{building}__isnull": True, f"{index.stem}_{old.slot}__isnull": False}
            ).count()
            for index in _registered.get(purpose, [])
        )
        missing += sum(count(building) for count in _waiting.get(purpose, []))
        if missing:
            raise AuditRefused("INDEX_NOT_BUILT", purpose=purpose, missing=missing)
        fault_point("audit.index_switch.before")
        DataKey.objects.filter(pk=old.pk).update(answers=False, retired_at=at)
        fault_point("audit.index_switch")
        DataKey.objects.filter(pk=new.pk).update(answers=True)
        events.record("index.switched", new, by=keys.SYSTEM, at=at, data={"purpose": purpose})
        fault_point("audit.index_switch.after")


def _empty(index: BlindIndex, slot: str) -> None:
    """Drop the values of a retired key: they would count as built."""
    model, column = apps.get_model(index.model_label), f"{index.stem}_{slot}"
    last = 0
    while True:
        full = model._default_manager.filter(**{f"{column}__isnull": False, "pk__gt": last}).order_by("pk")
        ids = list(full.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        fault_point("audit.index_empty.before")
        model._default_manager.filter(pk__in=ids).update(**{column: None})
        fault_point("audit.index_empty.after")
        last = ids[-1]


def _value_of(index: BlindIndex, row: models.Model, digest: Digest) -> Any:
    """A row's value; of a text that nobody can read any more one that nobody finds."""
    try:
        text = index.text_of(row)
    except KeyDestroyed:
        text = None
    if index.made is not None:
        return index.made(digest, text or os.urandom(SIZE).hex())
    return digest(text) if text else os.urandom(SIZE)


def _other(slot: str) -> str:
    return next(each for each in SLOTS if each != slot)


def _lock(purpose: str, *, shared: bool) -> None:
    name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}(hashtextextended(%s, 0))", [f"audit.blind_index:{purpose}"])


def _key(purpose: str, slot: str | None) -> _LiveKey:
    """The key of a slot, by default of the one that answers; the first key of a purpose is made in slot a."""
    live = _live(purpose)
    found = next((key for key in live if (key.answers if slot is None else key.slot == slot)), None)
    if found is not None:
        return found
    if slot is not None and (live or slot != SLOTS[0]):
        raise DataKey.DoesNotExist(f"no key of {purpose} in slot {slot}")
    made = keys.make_key(kind="index", purpose=purpose, program_code="", year=0, slot=SLOTS[0])
    fault_point("audit.index_first.before")
    DataKey.objects.filter(pk=made.pk).update(answers=True)
    fault_point("audit.index_first.after")
    return _LiveKey(made.pk, made.slot, made.algorithm, answers=True)
