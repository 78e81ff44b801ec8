"""Counts the last days of open claims anew when the calendar or a term has changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from claims.due import RUNNING, Counting, running, write_days
from jobs.actions import Run, enqueue
from jobs.errors import JobsRefused

KIND = "claims.recount_due"
STEP = 2_000
_NEXT = """
SELECT id FROM claims_claim WHERE id > %s AND (state = ANY(%s) OR (state = 'refused' AND due_on IS NOT NULL))
ORDER BY id LIMIT %s FOR UPDATE
"""


def ask_recount(*, by: Any, at: datetime) -> None:
    """Within the caller's transaction: have it done; one that waits or runs already takes this change in, too."""
    try:
        enqueue(KIND, arguments={}, subject=None, organization=None, region_code="", by=by, at=at)
    except JobsRefused as refused:
        if refused.code != "ALREADY_LIVE":
            raise


def recount_due(run: Run) -> dict[str, Any] | None:
    """All open claims by their keys, a transaction each step; goes on where it was, and once more where something has changed."""
    counting = Counting()
    changed = int((run.cursor or {}).get("changed", 0))
    last = int((run.cursor or {}).get("last", 0))
    while True:
        run.check_stop()
        with transaction.atomic():
            ids = _next(last)
            written = write_days(running(ids), counting) if ids else 0
            changed, last = changed + written, ids[-1] if ids else 0
            run.advance(more=len(ids), cursor={"last": last, "changed": changed})
        if ids:
            continue
        fresh = Counting()
        if fresh.stands_like(counting):
            return {"changed": changed}
        counting = fresh


def _next(after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [after, [str(state) for state in RUNNING], STEP])
        return [row[0] for row in cursor.fetchall()]
