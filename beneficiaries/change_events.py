"""Events of changes of people: told to the office that proposed them, within its own scope."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit import events
from beneficiaries.models import PersonChange


def tell(verb: str, change: PersonChange, *, by: Any, at: datetime, **data: Any) -> None:
    """Record one event of a change."""
    events.record(
        verb, change, by=by, at=at, organization=change.organization, region_code=change.region_code,
        program_id=change.program_id, data=data,
    )
