"""`manage.py quote`: plan and case files in, the decision out, no database asked."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from benefits.tests.cases import PLANS

TWO = """
cases:
  - {name: first, bills: [{lines: [{kind: out_of_catalogue, amount: 12000}]}]}
  - {name: second, bills: [{lines: [{kind: out_of_catalogue, amount: 30000}]}]}
"""


def quote(tmp_path: Path, facts: str = TWO, *arguments: str, plan: str = "shanghai-2022", name: str = "facts.yaml") -> str:
    """What the command prints. Without the database mark a query would fail the test."""
    path = tmp_path / name
    path.write_text(facts, encoding="utf-8")
    out = StringIO()
    call_command("quote", "--plan", plan, "--facts", str(path), *arguments, stdout=out)
    return out.getvalue()


def test_two_cases_are_settled_one_after_the_other(tmp_path: Path) -> None:
    answer: Any = json.loads(quote(tmp_path, TWO, "--json"))
    assert answer["plan"] == "shanghai-2022"
    assert [(case["name"], case["amount"]) for case in answer["cases"]] == [("first", "0.00"), ("second", "15400.00")]
    assert answer["cases"][0]["refusals"] == [
        {"code": "BELOW_DEDUCTIBLE", "responsibility": "inpatient_self_paid", "place": "", "reason": ""},
    ]
    assert answer["cases"][1]["usage"]["deductible:inpatient_self_paid"] == "20000"
    assert [gap["part"] for gap in answer["unknown"]] == [
        "lists", "hospitals", "settings", "waiting_days", "exclusions",
    ]


def test_the_table_and_the_sentences_are_shown_in_the_language_asked_for(tmp_path: Path) -> None:
    table = quote(tmp_path).splitlines()
    assert table[0] == "沪惠保2022 - first"
    assert table[1].split() == ["序号", "责任", "依据", "规则", "结果"]
    assert table[-5:] == [
        "来源未说明：特定药品与海外药品清单", "来源未说明：指定医院", "来源未说明：除住院责任外的就医方式",
        "来源未说明：等待期", "来源未说明：责任免除",
    ]
    said = quote(tmp_path, TWO, "--sentences", "--language", "en").splitlines()
    assert said[0] == "Shanghai Huhuibao 2022 - first"
    assert "The case pays 15,400.00 yuan in all." in said


def test_a_plan_may_be_a_file_and_facts_may_be_json(tmp_path: Path) -> None:
    facts = json.dumps({"bills": [{"lines": [{"kind": "self_pay", "amount": 50000.5}]}]})
    answer = quote(tmp_path, facts, "--json", plan=str(PLANS / "yantai.yaml"), name="facts.json")
    assert json.loads(answer)["cases"][0]["amount"] == "24000.40"


@pytest.mark.parametrize(("arguments", "message"), [
    ({"plan": "nowhere-2025"}, "There is no plan nowhere-2025. Name a file, or one of: aixinbao-example, beijing-2025,"),
    ({"facts": "bills: [{lines: [{kind: self_pay, amount: -1}]}]"}, "facts.yaml:\nbills[0].lines[0].amount：-1小于0"),
    ({"facts": "cover: ["}, "facts.yaml:\n第1行不是有效的YAML："),
])
def test_what_cannot_be_read_is_said(tmp_path: Path, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(CommandError) as refused:
        quote(tmp_path, arguments.pop("facts", TWO), **arguments)  # type: ignore[arg-type]
    assert str(refused.value).startswith(message)


def test_a_faulty_plan_names_its_places(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text((PLANS / "yantai.yaml").read_text(encoding="utf-8").replace("value: 0.8", "value: 1.8"), encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        quote(tmp_path, plan=str(faulty))
    assert str(refused.value) == "faulty.yaml:\nresponsibilities[0].ratio[1].value：1.8大于1"


def test_a_missing_or_unreadable_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        call_command("quote", "--plan", "yantai", "--facts", str(tmp_path / "none.yaml"))
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="cannot be read as text"):
        call_command("quote", "--plan", "yantai", "--facts", str(binary))
