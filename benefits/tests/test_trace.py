"""A decision can be read: as a table, as sentences in two languages, kept as plain data."""

from __future__ import annotations

import json
import re
import string
from decimal import Decimal

import pytest

from benefits import wording
from benefits.decide import decide
from benefits.facts import Event, Insured, Payment
from benefits.terms import Band, Exclusion, Words, fixed
from benefits.tests.cases import bill, expense, facts, line, moment, plan, spent, terms, yuan
from benefits.trace import Trace, percent, place_in_words

SHANGHAI = plan("shanghai-2022")


def test_the_second_bill_of_shanghai_reads_as_sentences_in_chinese() -> None:
    first = decide(spent("out_of_catalogue", 12_000), SHANGHAI)
    assert decide(spent("out_of_catalogue", 30_000), SHANGHAI, first.usage).trace.sentences("zh") == [
        "1张票据，费用合计30,000.00元。",
        "资料未说明保障期间，按符合条件处理。",
        "特定住院自费医疗费用：医保目录外自费30,000.00元计入（第1张票据第1项）。",
        "特定住院自费医疗费用：免赔额20,000.00元，此前已扣12,000.00元，本次扣8,000.00元，余22,000.00元。",
        "特定住院自费医疗费用：22,000.00元×70%=15,400.00元。",
        "特定住院自费医疗费用：本责任赔付15,400.00元。",
        "本案合计赔付15,400.00元。",
    ]


def test_the_same_reads_as_sentences_in_english() -> None:
    first = decide(spent("out_of_catalogue", 12_000), SHANGHAI)
    assert decide(spent("out_of_catalogue", 30_000), SHANGHAI, first.usage).trace.sentences("en")[2:] == [
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
    assert rows[3] == (
        "4", "特定住院自费医疗费用", "计入 30,000.00元；免赔额 20,000.00元；此前 0.00元；本次扣 20,000.00元", "扣除免赔额",
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


@pytest.mark.parametrize("table", [
    wording.KINDS, wording.PAYERS, wording.PERIODS, wording.REFUSALS, wording.ASSUMED, wording.PARTS, wording.INPUTS,
    wording.COLUMNS,
])
def test_each_word_has_its_chinese(table: dict[str, tuple[str, str]]) -> None:
    for code, (zh, en) in table.items():
        assert re.search(r"[\u4e00-\u9fff]", zh), code
        assert en and not re.search(r"[\u4e00-\u9fff]", en), code


def test_ratios_and_places_are_said_plainly() -> None:
    assert [percent(Decimal(ratio)) for ratio in ("0.7", "1", "0.3333", "0", "0.05")] == ["70%", "100%", "33.33%", "0%", "5%"]
    assert place_in_words("bills[1]", "zh") == "第2张票据"
    assert place_in_words("", "en") == "case"
