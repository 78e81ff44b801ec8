"""A plan as a form: what goes in comes out, whatever it holds; what is wrong stays visible at its place."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benefits import editing, facts_file, labels, plan_file
from benefits.editing import Form, Node, filled
from benefits.shapes import FileRefused, Record
from benefits.tests import generate

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "plans"


def form_of(codec: Any, data: Any, place: str = "", problems: Any = ()) -> Node:
    return Form("zh", problems, editing.names_in(data, "zh")).node(codec, data, place, "plan")


def typed(node: Node) -> dict[str, list[str]]:
    """What the form sends as it stands."""
    return {
        each.place: list(each.value) if isinstance(each.value, tuple) else [each.value]
        for each in node.walk() if each.is_input and each.value
    }


def written_out(terms: Any) -> dict[str, Any]:
    data = plan_file.data_of(terms)
    return {**data, "responsibilities": [editing.whole(part) for part in data["responsibilities"]]}


@pytest.mark.parametrize("seed", range(60))
def test_any_plan_goes_through_its_form_unchanged(seed: int) -> None:
    terms = generate.plan(Random(seed))
    assert plan_file.terms_of(filled(plan_file.PLAN, typed(form_of(plan_file.PLAN, written_out(terms))), "")) == terms


def test_every_field_of_plans_and_cases_has_a_label_in_both_languages() -> None:
    seen: set[str] = set()

    def walk(record: Record) -> None:
        for field in record.fields:
            seen.add(field.key)
            for codec in (field.codec, getattr(field.codec, "codec", None)):
                if codec is not None and editing.holds_records(codec) and not isinstance(codec, plan_file.OfBenefit):
                    walk(editing.record_of(codec))

    cases = (facts_file.CASE, facts_file.COUNTED)
    for record in (plan_file.PLAN, *cases, *plan_file.RESPONSIBILITIES.values(), plan_file.row_record(plan_file.MONEY)):
        walk(record)
    assert seen | {"used_before"} <= set(labels.FIELDS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18,000", 18000), ("１８０００.5", Decimal("18000.5")), ("0.10", Decimal("0.10")), ("-1", "-1"), ("1e3", "1e3"),
        ("十万", "十万"),
    ],
)
def test_an_amount_is_read_as_people_write_it_and_what_is_none_stays_as_it_is(text: str, value: Any) -> None:
    assert filled(plan_file.MONEY, {"at": [text]}, "at") == value


@pytest.mark.parametrize(("text", "value"), [("65%", Decimal("0.65")), ("100 %", 1), ("0.65", Decimal("0.65")), ("65", 65)])
def test_a_ratio_may_be_said_in_percent(text: str, value: Any) -> None:
    assert filled(plan_file.RATIO, {"at": [text]}, "at") == value


def test_percent_is_no_amount_of_money() -> None:
    assert filled(plan_file.MONEY, {"at": ["65%"]}, "at") == "65%"


def test_words_stay_as_they_were_typed_and_codes_may_be_typed_in_full_width() -> None:
    typed_in = {"at.zh": [" 保费，限额（元）；７月 "], "at.en": ["a, b"]}
    assert filled(plan_file.NAME, typed_in, "at") == {"zh": "保费，限额（元）；７月", "en": "a, b"}
    assert filled(plan_file.CODE, {"at": ["ｔｏｔａｌ"]}, "at") == "total"


def test_lines_that_nobody_filled_in_fall_out_and_the_others_keep_their_order() -> None:
    given = {"bands[0].to": [""], "bands[7].to": ["100"], "bands[2].from": ["5"], "bands[7].ratio[0].value": ["0.5"]}
    codec = next(field.codec for field in plan_file.EXPENSE_FIELDS if field.key == "bands")
    assert filled(codec, given, "bands") == [{"from": 5}, {"to": 100, "ratio": Decimal("0.5")}]


def test_rows_of_circumstances_are_kept_as_rows_and_one_number_for_everybody_as_a_number() -> None:
    rows = {"deductible[0].health_class": ["pre_existing"], "deductible[0].value": ["20000"], "deductible[1].value": ["15000"]}
    assert filled(plan_file.MONEY_TABLE, rows, "deductible") == [{"health_class": "pre_existing", "value": 20000}, {"value": 15000}]
    assert filled(plan_file.MONEY_TABLE, {"deductible[0].value": ["15000"]}, "deductible") == 15000


def test_an_element_is_added_removed_and_moved_where_its_place_says() -> None:
    data = {"responsibilities": [{"code": "a", "deductible": 5}, {"code": "b"}]}
    assert editing.added(data, "responsibilities[0].deductible", {})["responsibilities"][0]["deductible"] == [{"value": 5}, {}]
    assert editing.moved(data, "responsibilities[1]", -1)["responsibilities"][0] == {"code": "b"}
    assert editing.moved(data, "responsibilities[1]", 1) == data
    assert editing.removed(data, "responsibilities[1]") == {"responsibilities": [{"code": "a", "deductible": 5}]}
    assert editing.removed({"limits": [{"amount": 1}]}, "limits[0]") == {}
    assert data["responsibilities"][1] == {"code": "b"}


def test_a_place_that_leads_nowhere_changes_nothing() -> None:
    data = {"responsibilities": [{"code": "a"}]}
    assert editing.removed(data, "responsibilities[9].bands[3]") == data
    assert editing.found_at(data, "responsibilities[3].bands") is None


def test_a_problem_stands_at_the_input_whose_place_it_names() -> None:
    data = written_out(plan_file.load_path(FIXTURES / "weifang.yaml"))
    data["responsibilities"][1]["bands"][0]["ratio"] = 60
    with pytest.raises(FileRefused) as refused:
        plan_file.terms_of(data)
    found = {node.place: node.problems for node in form_of(plan_file.PLAN, data, problems=refused.value.problems).walk()}
    assert found["responsibilities[1].bands[0].ratio"] == ("60大于1",)
    assert editing.problem_in_words(refused.value.problems[0], plan_file.load_path(FIXTURES / "weifang.yaml"), "zh") == (
        "医保目录外药品费用 · 分段赔付 1 · 赔付比例：60大于1"
    )


def test_what_few_plans_need_is_folded_away_until_it_is_filled_in_or_wrong() -> None:
    part: dict[str, Any] = {"benefit": "expense", "code": "a", "name": "甲"}
    nodes = {node.key: node for node in form_of(plan_file.OfBenefit(), part, "responsibilities[0]").children}
    assert nodes["waiting_days"].folded and not nodes["bands"].folded
    part["waiting_days"] = 30
    nodes = {node.key: node for node in form_of(plan_file.OfBenefit(), part, "responsibilities[0]").children}
    assert not nodes["waiting_days"].folded


def test_what_was_used_goes_through_its_form_and_a_counter_named_twice_is_refused() -> None:
    data = {"used_before": {"deductible:in_catalogue": 10000, "base:in_catalogue": 6000}}
    given = typed(form_of(facts_file.CASE_FILE, data))
    assert given["used_before[1].counter"] == ["base:in_catalogue"] and given["used_before[1].number"] == ["6000"]
    used = facts_file.cases_of(filled(facts_file.CASE_FILE, given, "")).used_before
    assert used.to_data() == {"base:in_catalogue": "6000", "deductible:in_catalogue": "10000"}
    with pytest.raises(FileRefused) as refused:
        facts_file.cases_of(filled(facts_file.CASE_FILE, given | {"used_before[1].counter": ["deductible:in_catalogue"]}, ""))
    assert refused.value.say("zh") == ["used_before[1].counter：deductible:in_catalogue已在前面填写"]
