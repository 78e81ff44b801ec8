"""`manage.py load_plan`: a file becomes a draft's benefits, through the same rules as on the pages."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from audit.testing import shared
from beneficiaries.testing import World, make_world
from benefits import plan_file
from benefits.terms import Price
from programs.actions import create_program
from programs.benefit_terms import benefit_terms
from programs.models import Plan

pytestmark = pytest.mark.django_db
FIXTURES = Path(settings.BASE_DIR) / "fixtures" / "plans"

_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(kept_world: World) -> World:
    return kept_world


def load(name: str, world: World, **options: object) -> str:
    said = io.StringIO()
    given = {"program": world.plan.program.code, "user": world.finance_maker.username, **options}
    call_command("load_plan", FIXTURES / f"{name}.yaml", stdout=said, **given)
    return said.getvalue()


def test_a_file_becomes_a_new_version_like_the_newest_and_doubts_are_told(world: World) -> None:
    said = load("weifang", world)
    plan = world.plan.program.plans.order_by("-number").first()
    assert plan is not None and (plan.number, plan.state, plan.premium) == (2, Plan.State.DRAFT, Decimal("149.00"))
    assert benefit_terms(plan) == plan_file.load_path(FIXTURES / "weifang.yaml")
    assert said.splitlines()[0] == f"{world.plan.program.code} version 2: 3 responsibilities, a draft."
    assert len(said.splitlines()) > 1


def test_a_draft_that_is_named_states_another_file(world: World) -> None:
    load("weifang", world)
    load("yantai", world, plan=2)
    assert world.plan.program.plans.count() == 2
    # A file that names no price leaves the one before.
    stated = replace(plan_file.load_path(FIXTURES / "yantai.yaml"), prices=(Price(Decimal("149.00")),))
    assert benefit_terms(world.plan.program.plans.get(number=2)) == stated
    with pytest.raises(CommandError):
        load("weifang", world, plan=1)


def test_the_first_plan_of_a_program_takes_premium_and_cover_from_the_file_or_asks_for_them(world: World) -> None:
    program = create_program(
        "HMBT", name="惠民保", kind="supplementary", organization=world.city, insurer=world.insurer, by="test", at=world.at
    )
    with pytest.raises(CommandError, match="--cover"):
        load("weifang", world, program=program.code)
    load("weifang", world, program=program.code, cover="2000000")
    plan = program.plans.get()
    assert (plan.name, plan.premium, plan.cover_limit) == ("潍坊惠民保", Decimal("149.00"), Decimal("2000000.00"))


def test_who_may_not_change_plans_and_what_is_no_plan_is_refused(world: World, tmp_path: Path) -> None:
    for options in ({"user": world.clerk.username}, {"user": "nobody"}, {"program": "nowhere"}):
        with pytest.raises(CommandError):
            load("weifang", world, **options)
    bad = tmp_path / "bad.yaml"
    bad.write_text("code: X\n")
    with pytest.raises(CommandError, match=r"bad\.yaml"):
        call_command("load_plan", bad, program=world.plan.program.code, user=world.finance_maker.username)
    assert world.plan.program.plans.count() == 1
