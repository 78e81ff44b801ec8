"""Events about destruction runs, in the transaction of their change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit import events
from retention.models import DestructionRun


def record(verb: str, run: DestructionRun, *, by: Any, at: datetime, **data: Any) -> None:
    """One event; it names nobody."""
    events.record(
        verb, run, by=by, at=at, organization=run.organization, region_code=run.region_code, program_id=run.program_id,
        data={key: str(value) if isinstance(value, (type(run.due_on),)) else value for key, value in data.items()},
    )
