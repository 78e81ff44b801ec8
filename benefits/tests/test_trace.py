"""A decision can be read: as a table, as sentences in two languages, kept as plain data."""

from __future__ import annotations

import json
import re
import string
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from benefits import wording
from benefits.decide import decide
from benefits.facts import Event, Facts, Insured, Payment
from benefits.terms import (
    Allowance,
    Band,
    Death,
    Disability,
    Exclusion,
    Factor,
    Limit,
    LumpSum,
    Responsibility,
    Row,
    SharedDeductible,
    SharedLimit,
    When,
    Words,
    fixed,
)
from benefits.tests.cases import bill, expense, facts, line, moment, plan, spent, terms, yuan
from benefits.trace import Trace, percent, place_in_words

SHANGHAI = plan("shanghai-2022")


def test_the_second_bill_of_shanghai_reads_as_sentences_in_chinese() -> None:
    first = decide(spent("out_of_catalogue", 12_000), SHANGHAI)
    assert decide(spent("out_of_catalogue", 30_000), SHANGHAI, first.usage).trace.sentences("zh") == [
        "1张票据，费用合计30,000.00元。",
        "条款未说明就医方式、医院范围、等待期、责任免除，按没有此项限制核定。",
        "资料未说明保障期间，按符合条件处理。",
        "特定住院自费医疗费用：赔付比例按以下情形确定：非既往症。",
        "特定住院自费医疗费用：医保目录外自费30,000.00元计入（第1张票据第1项）。",
        "特定住院自费医疗费用：免赔额20,000.00元，此前已扣12,000.00元，本次扣8,000.00元，余22,000.00元。",
        "特定住院自费医疗费用：22,000.00元×70%=15,400.00元。",
        "特定住院自费医疗费用：本责任赔付15,400.00元。",
        "本案合计赔付15,400.00元。",
    ]


def test_the_same_reads_as_sentences_in_english() -> None:
    first = decide(spent("out_of_catalogue", 12_000), SHANGHAI)
    assert decide(spent("out_of_catalogue", 30_000), SHANGHAI, first.usage).trace.sentences("en")[1:] == [
        "The terms do not state kinds of care, hospitals, waiting period, exclusions: decided as if there were none.",
        "The facts do not state the time of cover; the condition is taken as met.",
        "Inpatient self-paid: These circumstances decide the ratio: healthy.",
        "Inpatient self-paid: 30,000.00 yuan of out of catalogue counts (bill 1, line 1).",
        "Inpatient self-paid: Of the deductible of 20,000.00 yuan, 12,000.00 yuan was used before; 8,000.00 yuan is taken now, "
        "22,000.00 yuan is above it.",
        "Inpatient self-paid: 22,000.00 yuan at 70% is 15,400.00 yuan.",
        "Inpatient self-paid: It pays 15,400.00 yuan.",
        "The case pays 15,400.00 yuan in all.",
    ]


def test_bands_others_limits_and_rounding_are_said() -> None:
    part = expense(bands=(Band(fixed("0.333"), yuan(0), yuan(100)), Band(fixed("0.5"), yuan(100))), shared_limits=())
    case = facts(bill(line("self_pay", "150.55", payments=(Payment("basic", yuan(20)),))), cover=None)
    assert decide(case, terms(part)).trace.sentences("zh")[1:] == [
        "基本医保已支付其中20.00元（第1张票据第1项），余130.55元。",
        "资料未说明保障期间，按符合条件处理。",
        "medical：医保目录内自付130.55元计入（第1张票据第1项）。",
        "medical：0.00元至100.00元部分：100.00元×33.3%=33.30元。",
        "medical：100.00元以上部分：30.55元×50%=15.275元。",
        "medical：48.575元四舍五入到分，为48.58元。",
        "medical：本责任赔付48.58元。",
        "本案合计赔付48.58元。",
    ]


def test_a_refusal_is_said_with_its_reason() -> None:
    decision = decide(spent("special_drug", 100, health_class="pre_existing"), plan("chengdu-2023"))
    assert "特定高额药品费用：第1张票据第1项不予赔付：既往症。" in decision.trace.sentences("zh")
    assert "Special drugs: bill 1, line 1 is not paid: pre-existing condition." in decision.trace.sentences("en")


def test_an_exclusion_is_named_in_the_readers_language() -> None:
    part = expense(exclusions=(Exclusion(Words("整形", "cosmetic surgery"), tags=("cosmetic",)),))
    trace = decide(facts(bill(line("self_pay", 100, tags=frozenset({"cosmetic"})))), terms(part)).trace
    assert trace.sentences("zh")[1] == "medical：第1张票据第1项不予赔付：免责（整形）。"
    assert trace.sentences("en")[1] == "medical: bill 1, line 1 is not paid: excluded (cosmetic surgery)."


def test_an_accident_is_said() -> None:
    event = Event(code="A", kind="accident", at=moment(2025, 5, 30, 9), injuries=(8, 8))
    case = facts(bill(days=5), event=event, insured=Insured(age=30, occupation_class=2))
    assert decide(case, plan("day-cover-example")).trace.sentences("zh")[1:] == [
        "意外伤残：伤残等级8、8，合并评定为7级。",
        "意外伤残：保险金额500,000.00元×40%=200,000.00元。",
        "意外伤残：本责任赔付200,000.00元。",
        "意外住院津贴：住院5天，给付2天×50.00元=100.00元。",
        "意外住院津贴：本责任赔付100.00元。",
        "本案合计赔付200,100.00元。",
    ]


def test_the_table_has_a_row_for_each_step_under_aligned_heads() -> None:
    decision = decide(spent("out_of_catalogue", 30_000), SHANGHAI)
    rows = decision.trace.table("zh")
    assert rows[5] == (
        "6", "特定住院自费医疗费用", "计入 30,000.00元；免赔额 20,000.00元；此前 0.00元；本次扣 20,000.00元", "扣除免赔额",
        "10,000.00元",
    )
    text = decision.trace.text_table("zh").splitlines()
    assert len(text) == len(rows) + 1
    assert text[0].split() == ["序号", "责任", "依据", "规则", "结果"]
    assert decision.trace.text_table("en").splitlines()[0].split() == [
        "No.", "responsibility", "what", "went", "in", "rule", "came", "out",
    ]


def test_a_decision_is_kept_as_json_and_its_trace_read_back() -> None:
    decision = decide(spent("out_of_catalogue", 30_000), SHANGHAI)
    data = json.loads(json.dumps(decision.to_data()))
    assert data["amount"] == "7000.00"
    assert data["burden"] == {"ours": "7000.00", "person": "23000.00"}
    assert data["benefits"] == [
        {"code": "inpatient_self_paid", "amount": "7000.00", "counted": "30000", "deducted": "20000", "days": 0},
    ]
    kept = Trace.from_data(data["trace"])
    assert kept == decision.trace
    assert kept.sentences("en") == decision.trace.sentences("en")


def places(template: str) -> set[str]:
    """The values that a template names."""
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("table", ["RULES", "PROBLEMS"])
def test_both_languages_name_the_same_values(table: str) -> None:
    for code, entry in getattr(wording, table).items():
        zh, en = entry[1] if table == "RULES" else entry
        assert places(zh) <= places(en), code
        if code not in ("other_payer",):
            assert places(zh) == places(en), code


@pytest.mark.parametrize(("insured", "zh", "en"), [
    ({"health_class": "pre_existing", "claim_free_years": 1},
     "既往症、连续未理赔不满3年", "pre-existing, fewer than 3 claim-free year(s)"),
    ({"claim_free_years": 5}, "非既往症、连续未理赔满3年", "healthy, at least 3 claim-free year(s)"),
])
def test_beijing_says_in_which_circumstances_its_deductible_and_ratio_are_those(insured: Any, zh: str, en: str) -> None:
    trace = decide(spent("out_of_catalogue", 60_000, **insured), plan("beijing-2025")).trace
    step = trace.table("zh").index(next(row for row in trace.table("zh") if row[3] == "适用情形"))
    assert trace.table("zh")[step] == (str(step + 1), "医保目录外自费费用", "影响 免赔额、赔付比例", "适用情形", zh)
    assert trace.table("en")[step][2:] == ("bears on deductible, ratio", "circumstances", en)
    assert trace.sentences("zh")[step] == f"医保目录外自费费用：免赔额、赔付比例按以下情形确定：{zh}。"
    assert trace.sentences("en")[step] == f"Out of catalogue: These circumstances decide the deductible, ratio: {en}."
    assert [each.rule for each in trace.steps][step + 1:] == ["counted", "deductible", "band", "pays", "total"]


def said(case: Facts, *parts: Responsibility, **more: Any) -> list[tuple[str, str]]:
    """Which circumstances a decision names, and of what."""
    trace = decide(case, terms(*parts, **more)).trace
    rows = zip(trace.steps, trace.table("en"), strict=True)
    return [(row[2].removeprefix("bears on "), row[4]) for step, row in rows if step.rule == "circumstances"]


def rows(*held: tuple[When, int | str]) -> tuple[Row, ...]:
    """A table, its last row for everybody."""
    return (*(Row(Decimal(value), when) for when, value in held), Row(Decimal("0.5")))


@pytest.mark.parametrize(("ratio", "expected"), [
    (rows((When(locality="elsewhere"), "0.4")), "local"), (rows((When(settled=False), "0.4")), "settled"),
    (rows((When(age_from=60), "0.4")), "age 40"), (rows((When(continuity_from=3), "0.6")), "fewer than 3 year(s) in a row"),
    (rows((When(continuity_from=2), "0.7"), (When(continuity_from=1), "0.6")), "at least 2 year(s) in a row"),
    (rows((When(continuity_from=4), "0.7"), (When(continuity_from=1), "0.6")), "at least 1 year(s) in a row"),
    # A table that gives everybody the same tells nobody apart.
    (rows((When(locality="elsewhere"), "0.5")), None), (fixed("0.5"), None),
])
def test_only_what_the_tables_tell_apart_is_said(ratio: tuple[Row, ...], expected: str | None) -> None:
    case = facts(bill(line("self_pay", 100)), insured=Insured(age=40, continuity_years=2))
    assert said(case, expense(bands=(Band(ratio),))) == ([] if expected is None else [("ratio", expected)])


def test_an_age_that_is_not_known_is_said_to_be_so() -> None:
    part = expense(bands=(Band(rows((When(age_from=60), "0.4"))),))
    assert said(facts(bill(line("self_pay", 100)), insured=Insured()), part) == [("ratio", "of unknown age")]


def test_limits_factors_and_what_is_shared_count_as_what_they_are() -> None:
    when = When(continuity_from=1)
    part = expense(
        limits=(Limit(rows((when, 9))),), shared_limits=("total",), shared_deductible="yearly",
        factors=(Factor(Decimal("0.5"), when=When(locality="abroad")),),
    )
    shared = {
        "limits": (SharedLimit("total", rows((when, 9))),), "deductibles": (SharedDeductible("yearly", rows((when, 1))),),
    }
    assert said(facts(bill(line("self_pay", 100))), part, **shared) == [
        ("deductible, limits, factors", "fewer than 1 year(s) in a row, local"),
    ]


def test_bills_in_other_circumstances_say_theirs_and_lines_in_the_same_say_it_once() -> None:
    part = expense(bands=(Band(rows((When(locality="elsewhere"), "0.4"))),), limits=(Limit(fixed(900), "item"),))
    home, away = (bill(line("self_pay", 100), line("self_pay", 50), locality=place) for place in ("local", "elsewhere"))
    assert said(facts(home, home, away, home), part) == [("ratio", "local"), ("ratio", "elsewhere"), ("ratio", "local")]


def test_what_pays_no_expense_says_its_circumstances_too() -> None:
    minor = rows((When(age_to=17), 100))
    event = Event(code="A", kind="accident", at=moment(2025, 5, 30, 9), injuries=(8,), died_on=date(2025, 6, 1), diagnosis="C50")
    case = facts(bill(days=5), bill(days=5), event=event, insured=Insured(age=30))
    assert said(
        case, Disability(code="lasting", name=Words("伤残"), amount=minor, scale=(Decimal(1),) * 10),
        Death(code="death", name=Words("身故"), amount=fixed(900), cap_over_policies=(Row(Decimal(5), When(age_to=9)),)),
        Allowance(code="days", name=Words("津贴"), amount=minor),
        LumpSum(code="lump", name=Words("慰问"), amount=minor, diagnoses=("C",)),
    ) == [("amount", "age 30"), ("minor's cap", "age 30"), ("amount", "age 30"), ("amount", "age 30")]


def test_a_decision_kept_as_data_holds_nothing_of_the_plans_own() -> None:
    terms_of_beijing, case = plan("beijing-2025"), spent("out_of_catalogue", 60_000)
    before = decide(case, terms_of_beijing).trace.to_data()
    spoilt = decide(case, terms_of_beijing).trace.to_data()
    for step in spoilt["steps"]:
        if step["rule"] == "circumstances":
            step["tables"].clear()
            step["result"].clear()
    assert decide(case, terms_of_beijing).trace.to_data() == before
    assert Trace.from_data(json.loads(json.dumps(before))).sentences("zh") == decide(case, terms_of_beijing).trace.sentences("zh")


@pytest.mark.parametrize("table", [
    wording.KINDS, wording.PAYERS, wording.PERIODS, wording.REFUSALS, wording.ASSUMED, wording.PARTS, wording.INPUTS,
    wording.COLUMNS, wording.TABLES, wording.CIRCUMSTANCES,
])
def test_each_word_has_its_chinese(table: dict[str, tuple[str, str]]) -> None:
    for code, (zh, en) in table.items():
        assert re.search(r"[\u4e00-\u9fff]", zh), code
        assert en and not re.search(r"[\u4e00-\u9fff]", en), code


def test_ratios_and_places_are_said_plainly() -> None:
    assert [percent(Decimal(ratio)) for ratio in ("0.7", "1", "0.3333", "0", "0.05")] == ["70%", "100%", "33.33%", "0%", "5%"]
    assert place_in_words("bills[1]", "zh") == "第2张票据"
    assert place_in_words("", "en") == "case"
