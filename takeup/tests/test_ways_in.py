"""By which way people come in: each of the ways has its own line, for whoever reads counts and whoever reads enrollments."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, employer_of, make_world, people
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.test_known_elsewhere import enrolled, made
from programs.models import Period, Program
from takeup.progress import taken_up

pytestmark = pytest.mark.django_db


def channels(period: Period, user: User) -> dict[str, int | None]:
    return {line.label: line.now for line in taken_up(period, user, today=timezone.localdate()).channels}


def of_a_town(world: World) -> User:
    """Reaches less than a county, where the counts are blind."""
    return make_user("hy-town", organization=world.office, role="clerk", region_prefix="441602001")


def test_an_employers_people_stand_apart_from_those_of_an_offices_list() -> None:
    world = make_world(requires_own_payment=True)
    Program.objects.filter(pk=world.program.pk).update(kind=Program.Kind.SUPPLEMENTARY)
    applied(world, people(2))
    applied(world, people(3, first=10), employer=employer_of(world))
    Enrollment.objects.update(region_code="441602001")
    for reader in (world.reviewer, of_a_town(world)):
        assert channels(world.period, reader) == {"经办单位名单": 2, "用人单位名单": 3}
    assert broken() == []


def test_people_known_by_another_program_stand_apart() -> None:
    two = made()
    enrolled(two)
    known = Enrollment.objects.filter(period=two.into)
    known.update(region_code="441602001")
    for reader in (two.world.reviewer, of_a_town(two.world)):
        assert channels(two.into, reader) == {"来自其他项目的在保人员": known.count()}
    assert known.count() == 6
    assert broken() == []
