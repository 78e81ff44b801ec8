"""Content that is destroyed at the end of its retention: overwritten where it stands, and its history deleted.

A row stays, with its numbers, places and amounts; what named somebody goes. Each sealed value becomes the one token that
nobody can open, each blind index a random value that no search meets. A model says by `destroyable` what else of it speaks
of a person; its history, append-only otherwise, lets go of a row's versions once the row itself is destroyed (a trigger).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pgtrigger
from django.apps import apps

from audit import ciphers
from audit.faults import fault_point
from audit.fields import SealedTextField

#: The token in a sealed column's place, as SQL.
DESTROYED = f"'\\x{ciphers.DESTROYED.hex()}'::bytea"
#: What nobody finds and nobody else has: unique columns stay unique.
_SCATTERED = "floor(random() * 16384)::smallint"
_RANDOM = "sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))"


@dataclass(frozen=True)
class Destroyable:
    """`blinded`: digests, overwritten by random ones. `scattered`: small keyed numbers (smallint), likewise, from 0 to 16,383.
    `dropped`: sealed bytes that become NULL. `blurred`: days of which the year stays. `emptied`: what else becomes something
    that tells nothing, as SQL. `owner_gone`: SQL over a row `kept`, true once whoever it speaks of is destroyed, for rows that
    may hold no sealed value themselves."""

    blinded: tuple[str, ...] = ()
    scattered: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    blurred: tuple[str, ...] = ()
    emptied: Mapping[str, str] = field(default_factory=dict)
    owner_gone: str = "true"


def sealed_of(model: Any) -> list[str]:
    """Columns of tokens."""
    return [str(each.column) for each in model._meta.local_fields if isinstance(each, SealedTextField)]


def is_destroyed(model: Any, alias: str) -> str:
    """SQL: nothing in the row can be read. A row that never had a value is as good as destroyed."""
    said: Destroyable = model.destroyable
    parts = [f"({alias}.{column} IS NULL OR {alias}.{column} = {DESTROYED})" for column in sealed_of(model)]
    parts += [f"{alias}.{column} IS NULL" for column in said.dropped]
    return f"({' AND '.join(parts)})"


def assignments(model: Any) -> str:
    """SQL of SET: what a destroyed row holds."""
    said: Destroyable = model.destroyable
    parts = [f"{column} = CASE WHEN {column} IS NOT NULL THEN {DESTROYED} END" for column in sealed_of(model)]
    parts += [f"{column} = CASE WHEN {column} IS NOT NULL THEN {_RANDOM} END" for column in said.blinded]
    parts += [f"{column} = CASE WHEN {column} IS NOT NULL THEN {_SCATTERED} END" for column in said.scattered]
    parts += [f"{column} = NULL" for column in said.dropped]
    parts += [f"{column} = date_trunc('year', {column})::date" for column in said.blurred]
    parts += [f"{column} = {value}" for column, value in said.emptied.items()]
    return ", ".join(parts)


def history_table(model: Any) -> str:
    """Where the versions of a model are kept."""
    return f"{model._meta.db_table}event"


def let_go(model: Any) -> list[pgtrigger.Trigger]:
    """Triggers of a history: no update ever, and no deletion but of the versions of a row that is destroyed."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
        pgtrigger.Trigger(
            name="goes_with_its_row", level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Delete,
            referencing=pgtrigger.Referencing(old="old_rows"), func=f"""
            IF EXISTS (
                SELECT FROM old_rows gone LEFT JOIN LATERAL (
                    SELECT {is_destroyed(model, "kept")} AND {model.destroyable.owner_gone} AS destroyed
                    FROM {model._meta.db_table} kept
                    WHERE kept.id = gone.pgh_obj_id LIMIT 1
                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE
            ) THEN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;""",  # noqa: S608 - names of ours
        ),
    ]


def destroyable_models() -> list[Any]:
    """All that declare it."""
    return [model for model in apps.get_models() if isinstance(getattr(model, "destroyable", None), Destroyable)]


def destroy(cursor: Any, model: Any, *, rows: str, given: Mapping[str, Any], also: str = "") -> int:
    """Destroy the rows whose numbers `rows` (a SELECT of one column `id`) gives, and their history; how many.

    `also`: further assignments. In the caller's transaction, which holds whoever could read or write them off.
    """
    table = model._meta.db_table
    cursor.execute("DROP TABLE IF EXISTS destroyed_rows")
    cursor.execute(
        f"CREATE TEMPORARY TABLE destroyed_rows ON COMMIT DROP AS SELECT DISTINCT id FROM ({rows}) AS wanted WHERE id IS NOT NULL",  # noqa: S608
        given,
    )
    if not cursor.rowcount:
        return 0
    # Filled in one go: plans made without statistics fall into nested loops of all by all.
    cursor.execute("ANALYZE destroyed_rows")
    plan_anew(cursor)
    more = f", {also}" if also else ""
    fault_point("audit.destroy.before")
    cursor.execute(
        f"UPDATE {table} SET {assignments(model)}{more} WHERE id IN (SELECT id FROM destroyed_rows)", given,  # noqa: S608
    )
    number: int = cursor.rowcount
    if has_history(model):
        cursor.execute(
            f"DELETE FROM {history_table(model)} WHERE pgh_obj_id IN (SELECT id FROM destroyed_rows)",  # noqa: S608
        )
    fault_point("audit.destroy.after")
    return number


def has_history(model: Any) -> bool:
    """Whether versions of it are kept."""
    return any(getattr(each, "pgh_tracked_model", None) is model for each in apps.get_models())


def plan_anew(cursor: Any) -> None:
    """As `audit.history.plan_anew`, which stands above: a session plans a trigger's statement once."""
    cursor.execute("DISCARD PLANS")
