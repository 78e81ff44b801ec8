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


def write(path: Path, world: World, **options: object) -> str:
    said = io.StringIO()
    given = {"program": world.plan.program.code, "user": world.finance_maker.username, **options}
    call_command("load_plan", write=path, stdout=said, **given)
    return said.getvalue()


@pytest.mark.parametrize("name", ["plan.yaml", "plan.yml", "plan.json", "PLAN.JSON"])
def test_a_version_is_written_to_a_file_that_loads_into_the_same_terms(world: World, tmp_path: Path, name: str) -> None:
    load("weifang", world)
    code, path = world.plan.program.code, tmp_path / name
    said = write(path, world, user=world.finance_checker.username)
    assert said == f"{code} version 2: 3 responsibilities, written to {path}.\n"
    assert plan_file.load_path(path) == plan_file.load_path(FIXTURES / "weifang.yaml")
    assert path.read_text(encoding="utf-8").startswith("{" if path.suffix.lower() == ".json" else "code: weifang\n")
    # Into the program again, as a version of its own.
    call_command("load_plan", path, program=code, user=world.finance_maker.username, stdout=io.StringIO())
    plans = {plan.number: benefit_terms(plan) for plan in world.plan.program.plans.all()}
    assert sorted(plans) == [1, 2, 3] and plans[3] == plans[2]
    write(tmp_path / "named.yaml", world, plan=2)
    assert plan_file.load_path(tmp_path / "named.yaml") == plans[2]


def test_what_cannot_be_written_is_said_and_no_file_is_made_or_changed(world: World, tmp_path: Path) -> None:
    code, path = world.plan.program.code, tmp_path / "plan.yaml"
    with pytest.raises(CommandError, match=f"{code} version 1 states no benefits"):
        write(path, world)
    load("weifang", world)
    for options, message in (
        ({"plan": 9}, f"{code} has no version 9."),
        ({"user": world.clerk.username, "program": "nowhere"}, f"{world.clerk} reaches no program nowhere."),
        ({"user": "nobody"}, "There is no active user nobody."),
        ({"file": FIXTURES / "weifang.yaml"}, "Name a file to load, or one to --write."),
    ):
        with pytest.raises(CommandError) as refused:
            write(path, world, **options)
        assert str(refused.value) == message
    with pytest.raises(CommandError, match=r"Name a file to load, or one to --write\."):
        call_command("load_plan", program=code, user=world.finance_maker.username)
    with pytest.raises(CommandError, match=r"plan\.txt: name it \.yaml, \.yml or \.json\."):
        write(tmp_path / "plan.txt", world)
    assert list(tmp_path.iterdir()) == []
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(CommandError, match=r"There is a file .*plan\.yaml already."):
        write(path, world)
    assert path.read_text(encoding="utf-8") == "mine"
    with pytest.raises(CommandError, match="cannot be written"):
        write(tmp_path / "nowhere" / "plan.yaml", world)
