"""A promised term of each program for the scope matrix: one of a program, whatever its offices."""

from __future__ import annotations

from typing import Any

from beneficiaries.testing import World
from claims.models import ServiceTerm


def add_term(world: World, canary: str, *, at: Any) -> None:
    """As if it had been proposed; who did is no reader of the matrix."""
    if not ServiceTerm.objects.filter(program=world.program).exists():
        ServiceTerm.objects.create(
            program=world.program, kind="decide", setting="inpatient", days=3, source="服务承诺", valid_from=at.date(),
            proposed_by=world.finance_maker, proposed_at=at,
        )
