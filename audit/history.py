"""History by statement triggers: COPY, set-based SQL and the ORM alike leave their old versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

import pghistory
import pgtrigger
from django.db import connection, models

from audit.destroying import let_go

M = TypeVar("M", bound=type[models.Model])


@overload
def tracked(model: M) -> M: ...
@overload
def tracked(*, exclude: Sequence[str]) -> Callable[[M], M]: ...
def tracked(model: M | None = None, *, exclude: Sequence[str] = ()) -> Any:
    """Keep every version: a row for each insert, update and delete."""

    def track(tracked_model: Any) -> Any:
        return pghistory.track(
            pghistory.InsertEvent(level=pgtrigger.Statement),
            pghistory.UpdateEvent(level=pgtrigger.Statement),
            pghistory.DeleteEvent(level=pgtrigger.Statement),
            exclude=list(exclude) or None, **_guarded(tracked_model),
        )(tracked_model)

    return track if model is None else track(model)


@overload
def tracked_updates(model: M) -> M: ...
@overload
def tracked_updates(*, exclude: Sequence[str]) -> Callable[[M], M]: ...
def tracked_updates(model: M | None = None, *, exclude: Sequence[str] = ()) -> Any:
    """Keep what was there before an update or delete: for tables of millions, whose inserts name their own origin.

    `exclude`: what is made of the other columns, and can be made again.
    """

    def track(tracked_model: M) -> M:
        return pghistory.track(
            pghistory.UpdateEvent("before_update", row=pghistory.Old, level=pgtrigger.Statement),
            pghistory.DeleteEvent("before_delete", row=pghistory.Old, level=pgtrigger.Statement),
            exclude=list(exclude) or None, **_guarded(tracked_model),
        )(tracked_model)

    return track if model is None else track(model)


def tracked_updates_by_row(model: M) -> M:
    """As `tracked_updates`, found by its row alone: no foreign key of the history has an index (measured: two thirds of a
    stamp's history were eleven indexes that nobody asked)."""
    return pghistory.track(
        pghistory.UpdateEvent("before_update", row=pghistory.Old, level=pgtrigger.Statement),
        pghistory.DeleteEvent("before_delete", row=pghistory.Old, level=pgtrigger.Statement),
        context_field=pghistory.ContextForeignKey(null=True, db_index=False), **_guarded(model),
        attrs={
            field.name: models.ForeignKey(
                field.remote_field.model, models.DO_NOTHING, null=field.null, db_constraint=False, db_index=False,
                related_name="+", related_query_name="+", verbose_name=field.verbose_name,
            )
            for field in model._meta.local_fields if isinstance(field, models.ForeignKey)
        },
    )(model)


def tracked_corrections(model: M) -> M:
    """Keep what was there before an update; a deletion leaves no trace: for rows that can be made anew from their source."""
    return pghistory.track(
        pghistory.UpdateEvent("before_update", row=pghistory.Old, level=pgtrigger.Statement), **_guarded(model)
    )(model)


def _guarded(model: Any) -> dict[str, Any]:
    """Versions stay as they are, and stay; those of what is destroyed at the end of its retention go with it."""
    return {"append_only": False, "meta": {"triggers": let_go(model)}} if hasattr(model, "destroyable") else {"append_only": True}


def carry_context() -> None:
    """Bind the context of history (who, which request) to this transaction: COPY and server-side work do not carry it."""
    with connection.cursor() as cursor:
        # pghistory puts its variables in front of whatever does not begin with SELECT.
        cursor.execute("WITH bound AS (SELECT 1) SELECT FROM bound")


def plan_anew(cursor: Any) -> None:
    """Before a statement that changes many rows of a tracked table: its triggers are planned for the rows that come.

    A session plans a trigger's statement once, at its first firing. After an update of no row it would join old and new
    versions in a loop of all by all for good (measured: 20 seconds for 8,000 rows, 0.3 for 40,000 when planned anew).
    """
    cursor.execute("DISCARD PLANS")
