"""Seals stored values anew under fresh keys: after a leak, or to move to another algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from audit import ciphers, keys
from audit.classification import our_models
from audit.faults import fault_point
from audit.fields import SealedTextField
from audit.models import DataKey

BATCH = 2_000


@dataclass(frozen=True)
class SealedColumn:
    """A column of tokens: where it is and what its values are bound to."""

    table: str
    column: str
    key: str
    logical_name: str


def sealed_columns(purpose: str) -> Iterator[SealedColumn]:
    """Every sealed column of a purpose; a model with `keeps_its_seals` is left out (an approved digest covers them)."""
    for model in our_models():
        if getattr(model, "keeps_its_seals", False):
            continue
        options: Any = model._meta
        for field in options.fields:
            if isinstance(field, SealedTextField) and field.purpose == purpose:
                yield SealedColumn(options.db_table, str(field.column), options.pk.column, field.logical_name)


def known_purposes() -> frozenset[str]:
    """Purposes of sealed fields."""
    return frozenset(
        field.purpose for model in our_models() for field in model._meta.fields if isinstance(field, SealedTextField)
    )


def reseal(purpose: str, *, at: datetime) -> tuple[int, int]:
    """Retire the current keys unless a run that was stopped did; move every value to a new key. (keys, values)

    Old keys are retired, not destroyed: history, and rows that keep their seals, stay readable. Another process may
    seal under an old key for `keys.HELD_SECONDS` more: run it again after that, and only what is left is done.
    """
    columns = list(sealed_columns(purpose))
    every = DataKey.objects.filter(kind=DataKey.Kind.DATA, purpose=purpose)
    retired_ids = set(every.filter(retired_at__isnull=False, destroyed_at__isnull=True).values_list("pk", flat=True))
    retired = 0
    if not any(_has_tokens_of(place, retired_ids) for place in columns):
        with transaction.atomic():
            # All or none: a run stopped between two keys would take the second one for a fresh one.
            for key in list(every.select_for_update().filter(retired_at__isnull=True).order_by("pk")):
                keys.retire_key(key, at=at)
                retired_ids.add(key.pk)
                retired += 1
    return retired, sum(_reseal_column(place, retired_ids) for place in columns)


def _has_tokens_of(place: SealedColumn, key_ids: set[int]) -> bool:
    statement = "SELECT 1 FROM {table} WHERE substring({column} FROM 1 FOR 5) = ANY(%s) LIMIT 1"
    with connection.cursor() as cursor:
        cursor.execute(_composed(statement, place), [_heads(key_ids)])
        return cursor.fetchone() is not None


def _reseal_column(place: SealedColumn, retired: set[int]) -> int:
    """Batch by batch in the order of the primary key, so that the table is walked once."""
    heads, done, last = _heads(retired), 0, None
    successors: dict[int, keys.Sealer] = {}
    some = "SELECT {key}, {column} FROM {table} WHERE substring({column} FROM 1 FOR 5) = ANY(%s)"
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            after = " AND {key} > %s" if last is not None else ""
            given = [heads, last] if last is not None else [heads]
            cursor.execute(
                _composed(f"{some}{after} ORDER BY {{key}} LIMIT {BATCH} FOR NO KEY UPDATE", place), given
            )
            rows = cursor.fetchall()
            if not rows:
                return done
            tokens = [_anew(bytes(token), place.logical_name, successors) for _row_id, token in rows]
            fault_point("audit.reseal.before")
            cursor.execute(
                _composed(
                    "UPDATE {table} SET {column} = fresh.token "
                    "FROM unnest(%s::bigint[], %s::bytea[]) AS fresh (id, token) WHERE {table}.{key} = fresh.id", place,
                ),
                [[row_id for row_id, _token in rows], tokens],
            )
            fault_point("audit.reseal.after")
        done, last = done + len(rows), rows[-1][0]


def _anew(token: bytes, logical_name: str, successors: dict[int, keys.Sealer]) -> bytes:
    old = ciphers.key_id_of(token)
    if old not in successors:
        place = DataKey.objects.get(pk=old)
        successors[old] = keys.sealer(
            logical_name, purpose=place.purpose, program_code=place.program_code, year=place.year
        )
    return successors[old].seal_bytes(keys.open_bytes(token, logical_name))


def _composed(statement: str, place: SealedColumn) -> sql.Composed:
    return sql.SQL(statement).format(
        table=sql.Identifier(place.table), column=sql.Identifier(place.column), key=sql.Identifier(place.key)
    )


def _heads(key_ids: set[int]) -> list[bytes]:
    return [
        bytes([number]) + key_id.to_bytes(4, "big") for key_id in sorted(key_ids) for number in sorted(ciphers.FORMATS)
    ]
