"""Who reaches programs, plans and money: those who run them decide, those who pay or insure read."""

from __future__ import annotations

import pytest

from beneficiaries.testing import World, make_world
from programs.models import Budget, Plan, Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_the_operating_office_decides_on_plans_and_the_funder_reads_them(world: World) -> None:
    for user, view, approve in (
        (world.finance_checker, 1, 1), (world.foundation_checker, 1, 0), (world.clerk, 1, 0),
    ):
        assert Plan.objects.visible_to(user, "programs.view_plan").count() == view
        assert Plan.objects.visible_to(user, "programs.approve_plan").count() == approve
        assert Program.objects.visible_to(user).count() == view


def test_a_funder_decides_on_its_own_money_and_the_office_reads_it(world: World) -> None:
    foundation, county = world.budgets
    reached = Budget.objects.visible_to(world.foundation_checker, "programs.approve_budget")
    assert list(reached) == [foundation]
    reached = Budget.objects.visible_to(world.finance_checker, "programs.approve_budget")
    assert list(reached) == [county]
    assert Budget.objects.visible_to(world.finance_checker, "programs.view_budget").count() == 2
    assert Budget.objects.visible_to(world.foundation_checker, "programs.view_budget").count() == 1
