"""A target population of each program, and a list of participants of each office, for the scope matrix."""

from __future__ import annotations

from typing import Any

from accounts.models import Organization, User
from beneficiaries.testing import World
from takeup.models import ParticipantList, Target


def add_target(world: World, *, at: Any) -> None:
    """Proposed, of one county; one of a program, whatever its offices."""
    if not Target.objects.filter(program=world.program).exists():
        Target.objects.create(
            program=world.program, period=world.period, region_code="441602", people=1_000, basis="统计年鉴",
            proposed_by=world.finance_maker, proposed_at=at,
        )


def add_participants(office: Organization, clerk: User, *, at: Any) -> None:
    """As if it had been checked; one of an office, whatever its programs."""
    if not ParticipantList.objects.filter(organization=office).exists():
        ParticipantList.objects.create(
            organization=office, region_code=office.region_code or "", as_of=at.date(), state="review", uploaded_by=clerk,
            uploaded_at=at, row_count=1, counts={"verdicts": {"1": 1}, "codes": {}}, digest="d",
        )
