"""What a text may say, which places it has, and how many messages it is sent as."""

from __future__ import annotations

import pytest

from outreach import wording


@pytest.mark.parametrize(
    ("text", "count", "messages"),
    [
        ("字" * 70, 70, 1), ("字" * 71, 71, 2), ("字" * 134, 134, 2), ("字" * 135, 135, 3), ("𠮷" * 35, 70, 1), ("𠮷" * 36, 72, 2),
        ("a" * 71, 71, 2),
    ],
)
def test_a_text_is_counted_as_a_gateway_counts_it(text: str, count: int, messages: int) -> None:
    assert (wording.signs(text), wording.segments(text)) == (count, messages)


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("{姓名}请缴{应缴金额}", []), ("{证件号}", ["证件号"]), ("{姓名}{病情}{category}", ["病情", "category"]), ("{", ["{", "}"]),
        ("{姓名}}", ["{", "}"]), ("{{姓名}}", ["{", "}"]), ("{}", [""]), ("第一行\n{凭证号}", []),
    ],
)
def test_only_places_of_the_whitelist_stand_in_braces(text: str, strange: list[str]) -> None:
    assert wording.strange_places(text) == strange


def test_a_text_says_nothing_of_papers_health_or_hardship() -> None:
    found = wording.sensitive_words("您是低保户,因患病可报销,请带身份证", categories=["低保户", "脱贫户", "户"])
    assert found == ["低保", "低保户", "患病", "身份证"]
    assert wording.sensitive_words("您的保障已生效,住院费用可按方案报销", categories=["低保户"]) == []


def test_places_are_filled_and_nothing_else_is() -> None:
    facts = {"name": "张*", "amount": "0.01元"}
    assert wording.filled("{姓名}:应缴{应缴金额},{姓名}", facts) == "张*:应缴0.01元,张*"
    assert wording.pieces("甲{姓名}乙") == [("", "甲"), ("name", ""), ("", "乙")]
    assert wording.places_of("{姓名}{查验网址}") == {"name", "check_page"}
