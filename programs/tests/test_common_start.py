"""A plan whose benefits name one first day of cover for everybody: a period of another day is told on its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.utils.translation import override

from audit.testing import shared
from beneficiaries.testing import World, make_world
from benefits import plan_file
from programs.benefit_terms import disagreements
from programs.tests.test_benefits import terms

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_world)


def begun(world: World, starts: str) -> list[str]:
    own = replace(terms("yantai"), starts=starts, kind=str(world.program.kind), region="", limits=())
    assert plan_file.load(plan_file.dump(own)).starts == starts
    with override("zh-hans"):
        return disagreements(world.plan, own)


def test_the_common_first_day_is_compared_with_that_of_each_period(kept_world: World) -> None:
    period = kept_world.period
    assert (period.starts_on.month, period.starts_on.day) == (1, 1)
    assert begun(kept_world, "01-01") == begun(kept_world, "") == []
    assert begun(kept_world, "07-01") == [f"保障责任统一自 07-01 起保，期次{period.code}自 01-01 起保。"]


def test_everybody_of_a_period_is_covered_from_its_first_day(kept_world: World) -> None:
    from beneficiaries.actions.rosters import cover_from

    period = kept_world.period
    assert {cover_from(period, on=date(period.starts_on.year - 1, month, 1)) for month in (10, 11, 12)} == {period.starts_on}
