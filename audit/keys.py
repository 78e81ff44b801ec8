"""Data keys, wrapped by the master key: found, made, opened, rewrapped, destroyed. Plain keys live in memory only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import ciphers, events, sealing
from audit.digests import keyed_digest
from audit.errors import AuditRefused, KeyDestroyed, KeyMissing
from audit.faults import fault_point
from audit.models.keys import DataKey

#: Seconds for which a process trusts what it holds: within them it learns that another one retired or destroyed a key.
HELD_SECONDS = 30
#: Who does what is done by command.
SYSTEM = "system:keys"
_opened: dict[int, ciphers.Cipher] = {}
_secrets: dict[int, bytes] = {}
_current: dict[tuple[str, str, str, int], int] = {}
_uncommitted: set[int] = set()
_held_until = 0.0


def forget() -> None:
    """Drop all keys held in memory: after a test has emptied the tables, or a key was retired or destroyed."""
    global _held_until
    for held in (_opened, _secrets, _current):
        held.clear()
    _held_until = time.monotonic() + HELD_SECONDS


def _forget_what_is_old() -> None:
    if time.monotonic() >= _held_until:
        forget()


class Sealer:
    """Seals values of one logical name under one key."""

    __slots__ = ("_bound", "_cipher", "key_id")

    def __init__(self, key_id: int, cipher: ciphers.Cipher, logical_name: str) -> None:
        self.key_id, self._cipher, self._bound = key_id, cipher, logical_name.encode()

    def seal(self, text: str) -> bytes:
        """The token of one text."""
        return ciphers.seal(self._cipher, self.key_id, text.encode(), self._bound)

    def seal_bytes(self, plain: bytes) -> bytes:
        """The token of bytes."""
        return ciphers.seal(self._cipher, self.key_id, plain, self._bound)

    def seal_many(self, texts: Sequence[str | None]) -> list[bytes | None]:
        """Tokens of a column; an empty or missing text stays None."""
        return sealing.seal(self._cipher, self.key_id, texts, self._bound)

    def later(self, texts: Sequence[str | None]) -> sealing.Unsealed:
        """A column to be sealed where its tokens are needed."""
        return sealing.Unsealed(self._cipher, self.key_id, texts, self._bound)


def sealer(logical_name: str, *, purpose: str, program_code: str = "", year: int) -> Sealer:
    """What seals new values of a purpose, program and year; its key is made at the first use."""
    key_id = current_key(DataKey.Kind.DATA, purpose=purpose, program_code=program_code, year=year)
    return Sealer(key_id, _cipher(key_id), logical_name)


def open_sealed(token: bytes, logical_name: str) -> str:
    """The text of one token."""
    return open_bytes(token, logical_name).decode()


def open_bytes(token: bytes, logical_name: str) -> bytes:
    """The bytes of one token."""
    return ciphers.open_token(_cipher(ciphers.key_id_of(token)), token, logical_name.encode())


def open_many(tokens: Iterable[bytes | None], logical_name: str) -> list[str | None]:
    """The texts of a column of tokens; the keys are fetched in one query. A destroyed value is as one that never was."""
    column = [None if token == ciphers.DESTROYED else token for token in tokens]
    load({ciphers.key_id_of(token) for token in column if token})
    bound = logical_name.encode()
    return [
        ciphers.open_token(_cipher(ciphers.key_id_of(token)), token, bound).decode() if token else None
        for token in column
    ]


def current_key(kind: str, *, purpose: str, program_code: str = "", year: int = 0, slot: str = "") -> int:
    """The id of the key that seals now.

    A key made in a transaction that rolls back is gone: an id is remembered across transactions only when another
    transaction has committed it.
    """
    _forget_what_is_old()
    place = (kind, purpose, program_code, year)
    if not slot and (known := _current.get(place)):
        return known
    found = DataKey.objects.filter(
        kind=kind, purpose=purpose, program_code=program_code, year=year, slot=slot, retired_at__isnull=True
    ).first()
    if found is None:
        found = make_key(kind=kind, purpose=purpose, program_code=program_code, year=year, slot=slot)
    _remember(found)
    if not slot and found.pk not in _uncommitted:
        _current[place] = found.pk
    return int(found.pk)


def make_key(*, kind: str, purpose: str, program_code: str, year: int, slot: str) -> DataKey:
    """Make a key unless another process is first; either way the one that counts."""
    cipher = ciphers.CIPHERS[settings.CIPHER]
    secret = os.urandom(cipher.key_bytes if kind == DataKey.Kind.DATA else 32)
    master_id, master = next(iter(settings.MASTER_KEYS.items()))
    key = DataKey(
        kind=kind, purpose=purpose, program_code=program_code, year=year, slot=slot, master_key_id=master_id,
        algorithm=settings.CIPHER if kind == DataKey.Kind.DATA else settings.INDEX_DIGEST, created_at=timezone.now(),
    )
    key.wrapped = ciphers.seal(_wrapper(master), master_id, secret, key.bound)
    fault_point("audit.make_key.before")
    DataKey.objects.bulk_create([key], ignore_conflicts=True)
    fault_point("audit.make_key.after")
    found = DataKey.objects.get(
        kind=kind, purpose=purpose, program_code=program_code, year=year, slot=slot, retired_at__isnull=True
    )
    if bytes(found.wrapped or b"") == key.wrapped:
        key_id = found.pk
        _uncommitted.add(key_id)
        transaction.on_commit(lambda: _uncommitted.discard(key_id))
    return found


def load(key_ids: Iterable[int]) -> None:
    """Open keys that are not held yet, in one query."""
    _forget_what_is_old()
    missing = [key_id for key_id in key_ids if key_id not in _opened]
    if missing:
        for key in DataKey.objects.filter(pk__in=missing):
            _remember(key)


def secret_of(key_id: int) -> bytes:
    """The plain secret of a key: for blind indexes."""
    _forget_what_is_old()
    secret = _secrets.get(key_id)
    if secret is None:
        # Another thread may forget at any moment: what is used is what was read.
        secret = _secrets[key_id] = unwrap(DataKey.objects.get(pk=key_id))
    return secret


def unwrap(key: DataKey) -> bytes:
    """The plain secret of a row."""
    if key.wrapped is None:
        raise KeyDestroyed("KEY_DESTROYED")
    wrapped = bytes(key.wrapped)
    master = settings.MASTER_KEYS.get(ciphers.key_id_of(wrapped))
    if master is None:
        raise KeyMissing("MASTER_KEY_MISSING", master_key_id=ciphers.key_id_of(wrapped))
    return ciphers.open_token(_wrapper(master, ciphers.FORMATS[wrapped[0]]), wrapped, key.bound)


def _wrapper(master: bytes, algorithm: type[ciphers.Cipher] | None = None) -> ciphers.Cipher:
    """What wraps data keys: CIPHER, as it wraps values; a wrapped key names its own, so that others still open.

    SM4 takes half of a master key's bytes: its key is derived, by HMAC-SM3.
    """
    algorithm = algorithm or ciphers.CIPHERS[settings.CIPHER]
    if algorithm is ciphers.Sm4Gcm:
        return algorithm(keyed_digest("sm3", master)("data keys by sm4-gcm"))
    return algorithm(master)


def fleeting_digest(purpose: str, text: str) -> bytes:
    """A digest under the active master key, for what is forgotten within the hour: a change of that key loses what was kept."""
    master = next(iter(settings.MASTER_KEYS.values()))
    return keyed_digest(settings.INDEX_DIGEST, master)(f"{purpose}|{text}")


def rewrap_keys(*, on_each: Callable[[DataKey], None] | None = None) -> int:
    """Wrap every key anew by the active master key and CIPHER; the data stays as it is. Runs again where it was stopped."""
    master_id, master = next(iter(settings.MASTER_KEYS.items()))
    wrapper = _wrapper(master)
    current = bytes([wrapper.format]) + master_id.to_bytes(4, "big")
    done = 0
    for key_id in list(DataKey.objects.exclude(wrapped=None).values_list("pk", flat=True)):
        with transaction.atomic():
            key = DataKey.objects.select_for_update().get(pk=key_id)
            if key.wrapped is None or bytes(key.wrapped).startswith(current):
                continue
            key.wrapped = ciphers.seal(wrapper, master_id, unwrap(key), key.bound)
            key.master_key_id = master_id
            fault_point("audit.rewrap.before")
            key.save(update_fields=["wrapped", "master_key_id"])
            events.record("key.rewrapped", key, by=SYSTEM, at=timezone.now(), data={"master_key": master_id})
            fault_point("audit.rewrap.after")
        done += 1
        if on_each is not None:
            on_each(key)
    return done


def retire_key(key: DataKey, *, at: datetime, by: Any = SYSTEM) -> None:
    """Seal nothing new with a key; what it sealed stays readable. Other processes follow within HELD_SECONDS."""
    with transaction.atomic():
        fault_point("audit.retire_key.before")
        if DataKey.objects.filter(pk=key.pk, retired_at__isnull=True).update(retired_at=at):
            events.record("key.retired", key, by=by, at=at)
        fault_point("audit.retire_key.after")
    transaction.on_commit(forget)
    forget()


def destroy_key(key: DataKey, *, at: datetime, by: Any = SYSTEM) -> None:
    """End of retention: whatever was sealed with the key, history included, can never be read again.

    Refused while a process may still hold the key as the current one: what it seals would be lost at once.
    """
    with transaction.atomic():
        held = DataKey.objects.select_for_update().get(pk=key.pk)
        if held.retired_at is None or (at - held.retired_at).total_seconds() < HELD_SECONDS:
            raise AuditRefused("KEY_IN_USE", seconds=HELD_SECONDS)
        if held.destroyed_at is None:
            fault_point("audit.destroy_key.before")
            DataKey.objects.filter(pk=key.pk).update(wrapped=None, destroyed_at=at)
            events.record("key.destroyed", held, by=by, at=at)
            fault_point("audit.destroy_key.after")
    transaction.on_commit(forget)
    forget()


def _cipher(key_id: int) -> ciphers.Cipher:
    _forget_what_is_old()
    cipher = _opened.get(key_id)
    if cipher is None:
        if key_id == ciphers.NO_KEY:
            raise KeyDestroyed("DESTROYED")
        key = DataKey.objects.filter(pk=key_id, kind=DataKey.Kind.DATA).first()
        if key is None:
            raise KeyMissing("KEY_MISSING", key_id=key_id)
        cipher = _opened[key_id] = _opened_key(key)
    return cipher


def _opened_key(key: DataKey) -> ciphers.Cipher:
    return ciphers.CIPHERS[key.algorithm](unwrap(key))


def _remember(key: DataKey) -> None:
    if key.kind == DataKey.Kind.DATA:
        if key.pk not in _opened:
            _opened[key.pk] = _opened_key(key)
    elif key.pk not in _secrets:
        _secrets[key.pk] = unwrap(key)
