"""A term, a hold and a destruction of each program for the scope matrix: one of a program, whatever its offices."""

from __future__ import annotations

from typing import Any

from beneficiaries.testing import World
from retention.models import DestructionLine, DestructionRun, LegalHold, RetentionTerm, RunKind


def add_retention(world: World, *, at: Any) -> None:
    """As if they had been proposed and drawn up; who did is no reader of the matrix."""
    program, by = world.program, world.finance_maker
    if RetentionTerm.objects.filter(program=program).exists():
        return
    RetentionTerm.objects.create(
        program=program, kind="cover", length=12, unit="years", reason="约定", proposed_by=by, proposed_at=at
    )
    LegalHold.objects.create(
        held_program=program, program=program, organization=program.organization, region_code=program.region_code, reason="保全",
        placed_by=by, placed_at=at,
    )
    run = DestructionRun.objects.create(
        kind=RunKind.PEOPLE, program=program, organization=program.organization, region_code=program.region_code, state="drawn",
        due_on=at.date(), terms={"cover": "10 years"}, kept={"other": 1}, drawn_by=by, drawn_at=at,
    )
    DestructionLine.objects.create(
        run=run, subject_type="beneficiaries.person", subject_id=1, county="441602", began_on=at.date(), kept="other"
    )
    DestructionRun.objects.filter(pk=run.pk).update(number=1, digest="0" * 64)
