"""A promised term and a rule for flags of each program for the scope matrix: one of a program, whatever its offices."""

from __future__ import annotations

from typing import Any

from beneficiaries.testing import World
from claims.models import FlagRule, LetterWording, ServiceTerm


def add_terms(world: World, *, at: Any) -> None:
    """As if they had been proposed and set; who did is no reader of the matrix."""
    if ServiceTerm.objects.filter(program=world.program).exists():
        return
    ServiceTerm.objects.create(
        program=world.program, kind="decide", setting="inpatient", days=3, source="服务承诺", valid_from=at.date(),
        proposed_by=world.finance_maker, proposed_at=at,
    )
    LetterWording.objects.create(
        program=world.program, kind="papers", style="plain", text="{赔案号}还差{缺少材料}", phone="12345",
        written_by=world.reviewer, written_at=at,
    )
    FlagRule.objects.create(program=world.program, code="account", number=4)
