"""The plan files that come with the portal: readable, written as dump writes, sourced, honest about what is unknown."""

from __future__ import annotations

import re
from typing import Any

import pytest

from benefits import plan_file, soundness
from benefits.decide import decide
from benefits.tests.cases import PLANS, bill, facts, line, plan, yuan
from benefits.text_data import read_text

FILES = sorted(path.stem for path in PLANS.glob("*.yaml"))
PLACE = re.compile(r"([a-z_]+)|\[(\d+)\]")


def at(data: Any, place: str) -> Any:
    """What stands at a place of plain data."""
    for name, position in PLACE.findall(place):
        data = data[name] if name else data[int(position)]
    return data


def test_the_products_and_examples_are_there() -> None:
    assert FILES == [
        "aixinbao-example", "beijing-2025", "chengdu-2023", "chongqing-2022-basic", "chongqing-2022-upgraded",
        "day-cover-600k", "day-cover-650k", "day-cover-example", "guangzhou-2025", "hangzhou-2022", "mianyang", "ningbo-2025",
        "shanghai-2022", "weifang", "yantai",
    ]


@pytest.mark.parametrize("code", FILES)
def test_a_plan_file_holds_just_what_dump_writes(code: str) -> None:
    data = read_text((PLANS / f"{code}.yaml").read_text(encoding="utf-8"))
    assert data["code"] == code
    written = plan_file.data_of(plan(code))
    assert written == data
    assert list(written) == list(data)


@pytest.mark.parametrize("code", FILES)
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_plan_survives_dump_and_load(code: str, form: str) -> None:
    text = plan_file.dump(plan(code), form=form)
    assert plan_file.load(text, form=form) == plan(code)
    assert plan_file.dump(plan_file.load(text, form=form), form=form) == text


@pytest.mark.parametrize("code", FILES)
def test_each_note_names_a_place_that_exists_and_each_plan_its_source(code: str) -> None:
    data, terms = read_text((PLANS / f"{code}.yaml").read_text(encoding="utf-8")), plan(code)
    assert terms.notes
    for note in terms.notes:
        if note.place and not note.place.endswith(".deductible"):
            at(data, note.place)
    if terms.year is None and terms.kind == "supplementary":
        assert any(gap.part == "year" for gap in terms.unknown)


@pytest.mark.parametrize("code", FILES)
def test_each_row_of_each_table_is_reached(code: str) -> None:
    assert [doubt.place for doubt in soundness.doubts(plan(code)) if doubt.code == "row_unreachable"] == []


@pytest.mark.parametrize(("code", "undecided"), [
    ("chongqing-2022-basic", ("medical",)), ("chongqing-2022-upgraded", ("medical",)), ("guangzhou-2025", ("in_catalogue",)),
    ("hangzhou-2022", ("first", "second", "third", "fourth", "fifth")), ("ningbo-2025", ("medical",)),
])
def test_a_plan_whose_deductible_is_unknown_decides_nothing_and_says_so(code: str, undecided: tuple[str, ...]) -> None:
    decision = decide(facts(bill(line("self_pay", 100_000))), plan(code))
    assert (decision.amount, decision.undecided, decision.refusals) == (yuan(0), undecided, ())
    assert dict(decision.used) == {}
    assert any(doubt.code == "unknown_decisive" for doubt in soundness.doubts(plan(code)))


def test_hangzhou_states_five_limits_that_sum_to_3150000() -> None:
    limits = [part.limits[0].amount[0].value for part in plan("hangzhou-2022").responsibilities]
    assert (len(limits), sum(limits)) == (5, yuan(3_150_000))
