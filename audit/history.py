"""History by statement triggers: COPY, set-based SQL and the ORM alike leave their old versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

import pghistory
import pgtrigger
from django.db import connection, models

M = TypeVar("M", bound=type[models.Model])


@overload
def tracked(model: M) -> M: ...
@overload
def tracked(*, exclude: Sequence[str]) -> Callable[[M], M]: ...
def tracked(model: M | None = None, *, exclude: Sequence[str] = ()) -> Any:
    """Keep every version: a row for each insert, update and delete."""
    track = pghistory.track(
        pghistory.InsertEvent(level=pgtrigger.Statement),
        pghistory.UpdateEvent(level=pgtrigger.Statement),
        pghistory.DeleteEvent(level=pgtrigger.Statement),
        exclude=list(exclude) or None, append_only=True,
    )
    return track if model is None else track(model)


@overload
def tracked_updates(model: M) -> M: ...
@overload
def tracked_updates(*, deleted_if: str) -> Callable[[M], M]: ...
def tracked_updates(model: M | None = None, *, deleted_if: str = "") -> Any:
    """Keep what was there before an update or delete: for tables of millions, whose inserts name their own origin.

    `deleted_if`: SQL over `OLD` that says which deleted rows are kept; by default all are.
    """
    condition = pgtrigger.Condition(deleted_if) if deleted_if else None
    track = pghistory.track(
        pghistory.UpdateEvent("before_update", row=pghistory.Old, level=pgtrigger.Statement),
        pghistory.DeleteEvent("before_delete", row=pghistory.Old, level=pgtrigger.Statement, condition=condition),
        append_only=True,
    )
    return track if model is None else track(model)


def carry_context() -> None:
    """Bind the context of history (who, which request) to this transaction: COPY and server-side work do not carry it."""
    with connection.cursor() as cursor:
        # pghistory puts its variables in front of whatever does not begin with SELECT.
        cursor.execute("WITH bound AS (SELECT 1) SELECT FROM bound")
