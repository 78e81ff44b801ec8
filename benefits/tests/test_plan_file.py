"""Plan files: what is refused, and where each message points."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from benefits import plan_file
from benefits.plan_file import PlanRefused, load, terms_of
from benefits.tests.cases import PLANS
from benefits.text_data import read_text, write_text

GOOD: dict[str, Any] = read_text("""
code: good
name: 好
deductibles: [{name: both, amount: 100}]
limits: [{name: total, amount: 1000}]
responsibilities:
  - code: first
    name: {zh: 一, en: First}
    benefit: expense
    counts: [self_pay]
    deductible: 10
    bands: [{to: 100, ratio: 0.5}, {from: 100, ratio: 0.8}]
  - code: second
    name: 二
    benefit: expense
    counts: [device]
    shared_deductible: both
    ratio: [{health_class: pre_existing, value: 0.3}, {value: 0.7}]
    limits: [{amount: 50, per: item}]
    shared_limits: [total]
  - code: third
    name: 三
    benefit: disability
    amount: 1000
    scale: [1, 0.5]
""")


def changed(place: str, value: Any) -> Any:
    """The good plan with one value set (or taken out: `...`)."""
    data = copy.deepcopy(GOOD)
    *way, last = [name or int(position) for name, position in re.findall(r"([a-z_]+)|\[(\d+)\]", place)]
    inner = data
    for step in way:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return data


def problems(data: Any, language: str = "en") -> list[str]:
    """What is wrong with plain data."""
    with pytest.raises(PlanRefused) as refused:
        terms_of(data)
    return refused.value.say(language)


def test_the_good_plan_is_good() -> None:
    assert plan_file.data_of(terms_of(GOOD)) == GOOD


@pytest.mark.parametrize(("place", "value", "message"), [
    ("responsibilities[0].bands[1].ratio", read_text("1.2"), "responsibilities[0].bands[1].ratio: 1.2 is above 1"),
    ("responsibilities[0].bands[1].ratio", -1, "responsibilities[0].bands[1].ratio: -1 is below 0"),
    ("responsibilities[0].bands[1].ratio", "70%", "responsibilities[0].bands[1].ratio: 70% is no number"),
    ("responsibilities[0].bands[1].ratio", True, "responsibilities[0].bands[1].ratio: True is no number"),
    ("responsibilities[1].ratio[0].value", read_text("0.1234567"),
     "responsibilities[1].ratio[0].value: 0.1234567 has more than 6 decimal places"),
    ("responsibilities[0].deductible", read_text("10.005"),
     "responsibilities[0].deductible: 10.005 has more than 2 decimal places"),
    ("responsibilities[0].deductible", 10**9, "responsibilities[0].deductible: 1000000000 is above 999999999.99"),
    ("responsibilities[0].bands[1].from", 90,
     "responsibilities[0].bands[1].from: from 90 lies below the end of the band above it, 100"),
    ("responsibilities[0].bands[0].to", 0, "responsibilities[0].bands[0].to: to 0 is not above from 0"),
    ("responsibilities[0].bands[0].to", ...,
     "responsibilities[0].bands[1]: the band above it has no end, so this one is never reached"),
    ("responsibilities[0].bands", [], "responsibilities[0].bands: 0 entries are fewer than 1"),
    ("responsibilities[0].bands", ...,
     "responsibilities[0].ratio: it is missing; if the source does not state it, list it under unknown"),
    ("responsibilities[0].ratio", 1, "responsibilities[0].bands: state ratio or bands, not both"),
    ("responsibilities[0].counts[0]", "self_payed", "responsibilities[0].counts[0]: self_payed is not among kinds"),
    ("responsibilities[0].counts", "self_pay", "responsibilities[0].counts: self_pay is no list"),
    ("responsibilities[0].benefit", "expence",
     "responsibilities[0].benefit: expence is none of expense, lump_sum, allowance, death, disability"),
    ("responsibilities[0].benefit", ..., "responsibilities[0].benefit: it is missing"),
    ("responsibilities[0].deductable", 5, "responsibilities[0].deductable: there is no such field; did you mean deductible?"),
    ("responsibilities[0].zzz", 5, "responsibilities[0].zzz: there is no such field"),
    ("responsibilities[0].code", "First", "responsibilities[0].code: First does not have the form [a-z][a-z0-9_]*"),
    ("responsibilities[0].code", "second", "responsibilities[1].code: second is used by responsibilities[0].code already"),
    ("responsibilities[0].code", "both", "responsibilities[0].code: both is used by deductibles already"),
    ("responsibilities[0].name", ..., "responsibilities[0].name: it is missing"),
    ("responsibilities[0].name.zh", ..., "responsibilities[0].name.zh: it is missing"),
    ("responsibilities[0].shared_deductible", "both",
     "responsibilities[0].deductible: state an own or a shared deductible, not both"),
    ("responsibilities[1].shared_deductible", "bath", "responsibilities[1].shared_deductible: bath is not among deductibles"),
    ("responsibilities[1].shared_limits[0]", "totl", "responsibilities[1].shared_limits[0]: totl is not among limits"),
    ("responsibilities[1].limits[0].per", "month", "responsibilities[1].limits[0].per: month is none of item, day, event, year"),
    ("responsibilities[1].ratio[1].health_class", "healthy",
     "responsibilities[1].ratio[1]: the last row must hold for everybody: some would have no value"),
    ("responsibilities[1].ratio[0].health_class", ...,
     "responsibilities[1].ratio[1]: row 1 above it holds wherever this one does, so this one is never reached"),
    ("responsibilities[1].factors", [{"kinds": ["self_pay"], "value": 1}],
     "responsibilities[1].factors[0].kinds[0]: self_pay is not among counts"),
    ("responsibilities[1].exclusions", [{"name": "全部"}],
     "responsibilities[1].exclusions[0]: it states no condition and would exclude everything"),
    ("responsibilities[1].age", {"lowest": 60, "highest": 16}, "responsibilities[1].age: 60 is above 16"),
    ("responsibilities[2].scale[1]", 1, ""),
    ("responsibilities[2].scale[0]", read_text("0.4"), "responsibilities[2].scale[1]: 0.5 is above the graver grade's 0.4"),
    ("responsibilities[2].limits", [{"amount": 1, "per": "day"}], "responsibilities[2].limits[0].per: day is none of event, year"),
    ("responsibilities[2].waiting_days", read_text("1.5"), "responsibilities[2].waiting_days: 1.5 is no whole number"),
    ("responsibilities[2].waiting_waived_when_renewing", "yes",
     "responsibilities[2].waiting_waived_when_renewing: yes is neither true nor false"),
    ("responsibilities[2].amount", ...,
     "responsibilities[2].amount: it is missing; if the source does not state it, list it under unknown"),
    ("year", 1999, "year: 1999 is below 2000"),
    ("starts", "13-01", "starts: 13-01 does not have the form (0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])"),
    ("code", ..., "code: it is missing"),
    ("responsibilities", ..., "responsibilities: it is missing"),
    ("deductibles[0].amount", [{"age_to": 17, "value": 5}],
     "deductibles[0].amount[0]: the last row must hold for everybody: some would have no value"),
    ("prices", [{"amount": 1, "age_from": 9, "age_to": 8}], "prices[0].age_from: 9 is above 8"),
    ("name", "长" * 501, "name: 501 characters are more than 500"),
])
def test_a_fault_is_named_by_its_place(place: str, value: Any, message: str) -> None:
    data = changed(place, value)
    if not message:
        terms_of(data)
        return
    if place == "name":
        data["name"] = {"zh": value}
        message = f"name.zh{message.removeprefix('name')}"
    assert message in problems(data)


def test_a_fault_is_said_in_chinese_too() -> None:
    assert problems(changed("responsibilities[0].bands[1].ratio", read_text("1.2")), "zh") == [
        "responsibilities[0].bands[1].ratio：1.2大于1",
    ]


def test_all_faults_are_said_at_once() -> None:
    data = changed("responsibilities[0].bands[1].ratio", 2)
    data["responsibilities"][1]["limits"][0]["amount"] = "much"
    data["yaer"] = 2025
    assert problems(data) == [
        "yaer: there is no such field; did you mean year?",
        "responsibilities[0].bands[1].ratio: 2 is above 1",
        "responsibilities[1].limits[0].amount: much is no number",
    ]


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_what_is_no_plan_at_all_is_refused(data: Any) -> None:
    assert len(problems(data)) == 1


@pytest.mark.parametrize(("text", "message"), [
    ("code: [", "line 1 is no YAML that is read: expected the node content, but found '<stream end>'"),
    ("a: 1\na: 2", "line 2: a stands twice"),
    ("a: &x 1\nb: *x", "line 2 is no YAML that is read: anchors and aliases are not read"),
    ("1: one", "line 1 is no YAML that is read: the key 1 is no text; quote it"),
    ("a: !!python/object/apply:os.system [ls]",
     "line 1 is no YAML that is read: could not determine a constructor for the tag "
     "'tag:yaml.org,2002:python/object/apply:os.system'"),
    ("a: \x07", "line 1 is no YAML that is read: a character that YAML does not allow"),
    ("a: !!float .nan", "line 1 is no YAML that is read: .nan is no number"),
    (f"a: {'9' * 5000}", f"line 1 is no YAML that is read: {'9' * 40} is no number"),
    ("a: " + "[" * 60 + "]" * 60, "it is nested more than 40 deep"),
    ("a: " + "[" * 5000 + "]" * 5000, "it is nested more than 40 deep"),
    ("a: " + "x" * 1_000_001, "1000004 characters are more than 1000000"),
    ("a: 1\n---\nb: 2", "line 2 is no YAML that is read: but found another document"),
])
def test_yaml_that_is_not_read_names_its_line(text: str, message: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        load(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(("text", "message"), [
    ('{"a": 1,\n "b": }', "line 2 is no JSON: Expecting value"),
    ('{"a": 1, "a": 2}', "a stands twice in one object"),
    ('{"a": NaN}', "line 1 is no JSON: NaN is no number"),
    ("[" * 60 + "]" * 60, "it is nested more than 40 deep"),
    ("[" * 100_000 + "]" * 100_000, "it is nested more than 40 deep"),
])
def test_json_that_is_not_read_says_why(text: str, message: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        load(text, form="json")
    assert str(refused.value) == message


@pytest.mark.parametrize(("text", "value"), [
    ("on", "on"), ("no", "no"), ("010", 10), ("1:30", "1:30"), ("2025-01-01", "2025-01-01"), ("1_000", 1000), ("~", None),
    ("0x10", "0x10"), ("true", True), ("1e3", "1e3"),
])
def test_yaml_guesses_nothing(text: str, value: Any) -> None:
    assert read_text(f"a: {text}") == {"a": value}


def test_decimals_are_never_floats() -> None:
    number = read_text("a: 0.1")["a"]
    assert str(number) == "0.1"
    tiny = changed("responsibilities[0].bands[1].ratio", read_text('{"a": 1e-999999999}', form="json")["a"])
    assert problems(tiny) == ["responsibilities[0].bands[1].ratio: 1E-999999999 has more than 6 decimal places"]


def test_texts_that_look_like_something_else_are_written_so_that_they_are_read_back() -> None:
    data = {"a": "true", "b": "12", "c": "0.5", "d": "", "e": "~", "f": "null", "g": "- x", "h": "2025-01-01", "i": "第17行:好"}
    assert read_text(write_text(data)) == data


def test_a_plan_file_is_read_by_its_ending(tmp_path: Path) -> None:
    terms = plan_file.load_path(PLANS / "weifang.yaml")
    (tmp_path / "weifang.json").write_text(plan_file.dump(terms, form="json"), encoding="utf-8")
    assert plan_file.load_path(tmp_path / "weifang.json") == terms
