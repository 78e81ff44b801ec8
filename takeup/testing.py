"""What tests of this room and of others need: somebody of the program's office who proposes, and targets that count."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from beneficiaries.testing import World
from takeup.actions import approve_targets, propose_targets
from takeup.actions.targets import Wanted, digest_of, waiting_for
from takeup.models import Target


def city_clerk(world: World, name: str = "") -> User:
    """A clerk of the office that operates the program; one a name."""
    username = name or f"{world.program.code.lower()}-city.clerk"
    return User.objects.filter(username=username).first() or make_user(username, organization=world.city, role="clerk")


def proposed(world: World, **people: int) -> list[Target]:
    """Targets by county ("c441602=1000")."""
    wanted = [Wanted(code.removeprefix("c"), number, "统计年鉴") for code, number in people.items()]
    return propose_targets(world.period, wanted, by=city_clerk(world), at=timezone.now())


def approved(world: World, **people: int) -> list[Target]:
    """The same, approved by the city's reviewer."""
    proposed(world, **people)
    shown = digest_of(waiting_for(world.period, world.reviewer))
    given: dict[str, Any] = {"by": world.reviewer, "at": timezone.now()}
    return approve_targets(world.period, shown=shown, **given)
