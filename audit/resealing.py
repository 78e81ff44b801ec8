"""Seals stored values anew under fresh keys: after a leak, or to move to another algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import connection, models, transaction

from audit import ciphers, keys
from audit.classification import our_models
from audit.faults import fault_point
from audit.fields import SealedTextField
from audit.models import DataKey

BATCH = 2_000


def sealed_fields(purpose: str) -> Iterator[tuple[type[models.Model], SealedTextField]]:
    """Every sealed column of a purpose."""
    for model in our_models():
        for field in model._meta.fields:
            if isinstance(field, SealedTextField) and field.purpose == purpose and not model._meta.abstract:
                yield model, field


def reseal(purpose: str, *, at: datetime) -> tuple[int, int]:
    """Retire the current keys unless a run that was stopped did; move every value to a new key. (keys, values)

    History keeps its old tokens: their keys are retired, not destroyed.
    """
    live = DataKey.objects.filter(kind="data", purpose=purpose, retired_at=None)
    retired_ids = set(DataKey.objects.filter(kind="data", purpose=purpose).exclude(retired_at=None).values_list("pk", flat=True))
    pending = any(_has_tokens_of(model, field, retired_ids) for model, field in sealed_fields(purpose))
    retired = 0
    if not pending:
        for key in list(live):
            keys.retire_key(key, at=at)
            retired_ids.add(key.pk)
            retired += 1
    done = sum(_reseal_column(model, field, retired_ids) for model, field in sealed_fields(purpose))
    return retired, done


def _has_tokens_of(model: type[models.Model], field: SealedTextField, key_ids: set[int]) -> bool:
    heads = _heads(key_ids)
    if not heads:
        return False
    table, column = model._meta.db_table, field.column
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT 1 FROM "{table}" WHERE substring("{column}" FROM 1 FOR 5) = ANY(%s) LIMIT 1', [heads]  # noqa: S608
        )
        return cursor.fetchone() is not None


def _reseal_column(model: type[models.Model], field: SealedTextField, retired: set[int]) -> int:
    table, column, key = model._meta.db_table, field.column, model._meta.pk.column
    heads, done = _heads(retired), 0
    successors: dict[int, keys.Sealer] = {}
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f'SELECT "{key}", "{column}" FROM "{table}" WHERE substring("{column}" FROM 1 FOR 5) = ANY(%s) '  # noqa: S608
                f'ORDER BY "{key}" LIMIT %s FOR UPDATE',
                [heads, BATCH],
            )
            rows = cursor.fetchall()
            if not rows:
                return done
            fresh = []
            for row_id, token in rows:
                old = ciphers.key_id_of(bytes(token))
                if old not in successors:
                    place = DataKey.objects.get(pk=old)
                    successors[old] = keys.sealer(
                        field.logical_name, purpose=place.purpose, program_code=place.program_code, year=place.year
                    )
                fresh.append((row_id, successors[old].seal_bytes(keys.open_bytes(bytes(token), field.logical_name))))
            fault_point("audit.reseal.before")
            cursor.executemany(
                f'UPDATE "{table}" SET "{column}" = %s WHERE "{key}" = %s', [(token, row_id) for row_id, token in fresh]  # noqa: S608
            )
            fault_point("audit.reseal.after")
        done += len(rows)


def _heads(key_ids: set[int]) -> list[bytes]:
    return [
        bytes([number]) + key_id.to_bytes(4, "big") for key_id in sorted(key_ids) for number in sorted(ciphers.FORMATS)
    ]
