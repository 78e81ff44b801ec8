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


# A death is recorded wholly before or after whatever covers people: whoever is covered was not known to be dead. Asked for
# before the turns above, always: an undo that waits for its turn would stand between those who hold theirs and those who ask.
_DEATHS = "hashtextextended('beneficiaries.deaths', 0)"


def cover_beside_others(cursor: Any) -> None:
    """To the end of the transaction; waits while a death is recorded."""
    cursor.execute(f"SELECT pg_advisory_xact_lock_shared({_DEATHS})")


def record_deaths_alone(cursor: Any) -> None:
    """To the end of the transaction; waits for everybody who covers people."""
    cursor.execute(f"SELECT pg_advisory_xact_lock({_DEATHS})")


def _key(roster: Any) -> str:
    return f"beneficiaries:{roster.program_id}:{roster.organization_id}"
