"""A target population of each program for the scope matrix."""

from __future__ import annotations

from typing import Any

from beneficiaries.testing import World
from takeup.models import Target


def add_target(world: World, *, at: Any) -> None:
    """Proposed, of one county; one of a program, whatever its offices."""
    if not Target.objects.filter(program=world.program).exists():
        Target.objects.create(
            program=world.program, period=world.period, region_code="441602", people=1_000, basis="统计年鉴",
            proposed_by=world.finance_maker, proposed_at=at,
        )
