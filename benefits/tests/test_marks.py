"""Marks in words: what the exclusions of a plan ask for."""

from __future__ import annotations

from dataclasses import replace

from benefits import plan_file
from benefits.marks import marks_in
from benefits.terms import Exclusion, Words
from benefits.tests.cases import PLANS

TERMS = plan_file.load_path(PLANS / "day-cover-example.yaml")


def test_a_mark_is_called_as_its_exclusion_is() -> None:
    assert marks_in(TERMS, "zh") == {"drunk_driving": "酒后驾驶"}
    assert marks_in(TERMS, "en") == {"drunk_driving": "drunk driving"}
    assert marks_in(plan_file.load_path(PLANS / "beijing-2025.yaml"), "zh") == {}


def test_marks_of_one_exclusion_are_told_apart_and_one_of_several_exclusions_names_all() -> None:
    races = Exclusion(Words("高风险运动", "dangerous sports"), tags=("racing", "climbing"))
    part = replace(TERMS.responsibilities[0], exclusions=(Exclusion(Words("醉酒"), tags=("drunk_driving",)), races))
    terms = replace(TERMS, responsibilities=(part, *TERMS.responsibilities[1:]))
    assert marks_in(terms, "zh") == {
        "drunk_driving": "酒后驾驶、醉酒", "racing": "高风险运动（racing）", "climbing": "高风险运动（climbing）",
    }
