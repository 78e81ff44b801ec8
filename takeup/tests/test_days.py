"""The days of a window: each person on the day of Shanghai on which they came, who came outside of it on its first or last day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from audit.testing import shared
from beneficiaries.models import DayStanding, Enrollment
from beneficiaries.testing import World, applied, make_world, people
from programs.models import Period
from takeup.progress import taken_up

pytestmark = pytest.mark.django_db


def made() -> World:
    """Seven people enrolled in a window of October and November."""
    world = make_world()
    applied(world, people(7))
    return world


_django_db_helper, one_world, kept_world = shared(made)


def came(world: World, *moments: datetime) -> None:
    """As if they had been enrolled then; counts are made of what is there."""
    for cover, at in zip(Enrollment.objects.order_by("pk"), moments, strict=True):
        Enrollment.objects.filter(pk=cover.pk).update(created_at=at)


def days(world: World, today: date) -> dict[date, tuple[int | None, int | None]]:
    found = taken_up(world.period, world.reviewer, today=today).days
    return {each.day: (each.now, each.so_far) for each in found if each.now}


@pytest.fixture
def world(kept_world: World) -> World:
    Period.objects.filter(pk=kept_world.period.pk).update(
        enrollment_opens_on=date(2026, 10, 1), enrollment_closes_on=date(2026, 12, 1)
    )
    kept_world.period.refresh_from_db()
    return kept_world


def test_a_day_ends_at_midnight_of_shanghai(world: World) -> None:
    came(
        world, datetime(2026, 10, 5, 2, tzinfo=UTC), datetime(2026, 10, 5, 15, 59, 59, tzinfo=UTC),
        datetime(2026, 10, 5, 16, 30, tzinfo=UTC), *[datetime(2026, 10, 20, 3, tzinfo=UTC)] * 4,
    )
    assert days(world, date(2026, 10, 31)) == {
        date(2026, 10, 5): (2, 2), date(2026, 10, 6): (1, 3), date(2026, 10, 20): (4, 7),
    }


def test_who_came_outside_of_the_window_counts_on_its_first_or_last_day(world: World) -> None:
    came(
        world, datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 10, 6, tzinfo=UTC),
        *[datetime(2026, 12, 24, tzinfo=UTC)] * 4,
    )
    over = days(world, date(2026, 12, 31))
    assert over == {
        date(2026, 10, 1): (1, 1), date(2026, 10, 5): (1, 2), date(2026, 10, 6): (1, 3), date(2026, 11, 30): (4, 7),
    }
    assert sum(DayStanding.objects.filter(period=world.period).values_list("people", flat=True)) == 7


def test_the_list_begins_the_day_before_the_first_who_came(world: World) -> None:
    came(world, *[datetime(2026, 10, 20, 3, tzinfo=UTC)] * 7)
    found: Any = taken_up(world.period, world.reviewer, today=date(2026, 10, 22)).days
    assert [(each.day, each.now) for each in found] == [
        (date(2026, 10, 19) + timedelta(days=n), number) for n, number in enumerate((0, 7, 0, 0))
    ]
