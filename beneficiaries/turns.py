"""Who may work on an office's beneficiaries at once: rosters beside each other, an undo alone.

A line that says nothing new locks no row of what it relies on (that would cost a write for each known person); an undo
at the same moment would take away what the new cover stands on. Hence one lock for each program and office.
"""

from __future__ import annotations

from typing import Any


def work_beside_others(cursor: Any, roster: Any) -> None:
    """To the end of the transaction; waits while an undo works."""
    cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [_key(roster)])


def work_alone(cursor: Any, roster: Any) -> None:
    """To the end of the transaction; waits for everybody who works beside others."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_key(roster)])


def _key(roster: Any) -> str:
    return f"beneficiaries:{roster.program_id}:{roster.organization_id}"
