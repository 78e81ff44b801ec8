"""What a bank's file looks like, byte by byte; no database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from payouts.columns import (
    checked_columns,
    columns_of,
    read_columns,
    read_control_lines,
    read_reasons,
    reason_words,
    result_words,
    written_columns,
    written_control_lines,
)
from payouts.errors import PayoutsRefused
from payouts.rendering import Layout, Whole, first_bytes, last_bytes, payout_bytes
from payouts.testing import COLUMNS

WHOLE = Whole("P000000012", 2, Decimal("5000.10"), "44010000000000001", "示例局", "理赔款", date(2027, 3, 5))
PAYOUTS = pl.DataFrame(
    {
        "number": [1, 2], "line_key": ["P000000012-000001", "P000000012-000002"], "in_bank": [True, False],
        "name": ["张𠮷", "欧阳,示例"],
        "account": ["6228480000000007", "80020000123"], "bank": ["示例银行", "他行"], "bank_code": ["", "314598000034"],
        "amount": [Decimal("5000.00"), Decimal("0.10")],
    },
    schema_overrides={"amount": pl.Decimal(16, 2)},
)


def layout(**changes: Any) -> Layout:
    given: dict[str, Any] = {
        "columns": columns_of(checked_columns(read_columns(COLUMNS), takes="both")), "head_lines": [], "foot_lines": [],
        "codes": {"in_bank": "I", "interbank": "D"}, "encoding": "gb18030", "separator": ",", "line_end": "crlf",
        "dates": "%Y%m%d", "amounts": "yuan", "dangerous": "refuse", "has_headings": True, **changes,
    }
    return Layout(**given)


def written(kept: Layout, payouts: pl.DataFrame = PAYOUTS) -> bytes:
    return first_bytes(kept, WHOLE) + payout_bytes(payouts, kept, WHOLE) + last_bytes(kept, WHOLE)


def test_a_file_of_commas_quotes_what_needs_it_and_keeps_rare_characters() -> None:
    assert written(layout()).decode("gb18030") == (
        "业务编号,转账类型,付款账号,收款账号,户名,开户行,行号,金额,用途\r\n"
        "P000000012-000001,I,44010000000000001,6228480000000007,张𠮷,示例银行,,5000.00,理赔款\r\n"
        'P000000012-000002,D,44010000000000001,80020000123,"欧阳,示例",他行,314598000034,0.10,理赔款\r\n'
    )


def test_control_lines_say_count_and_sum_of_the_whole() -> None:
    kept = layout(
        head_lines=read_control_lines("H|{批次号}|{付款笔数}|{合计分}|{文件日期}"), foot_lines=read_control_lines("T|{合计元}"),
        separator="|", line_end="lf", encoding="utf-8", amounts="fen", has_headings=False,
        columns=columns_of([["k", "line_key", ""], ["n", "number", ""], ["a", "account", ""], ["m", "amount", ""],
            ["c", "", "CNY"]]),
    )
    assert written(kept).decode() == (
        "H|P000000012|2|500010|20270305\nP000000012-000001|1|6228480000000007|500000|CNY\n"
        "P000000012-000002|2|80020000123|10|CNY\nT|5000.10\n"
    )


def test_a_mark_at_the_begin_stands_once() -> None:
    content = written(layout(encoding="utf-8-sig"))
    assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\xef\xbb\xbf") == 1


def with_name(name: str) -> pl.DataFrame:
    return PAYOUTS.with_columns(name=pl.lit(name))


@pytest.mark.parametrize("name", ["=1+1", "+86", "-x", "@x", "＝1"])
def test_a_text_like_a_formula_is_refused_or_quoted_as_the_format_says(name: str) -> None:
    with pytest.raises(PayoutsRefused) as refused:
        written(layout(), with_name(name))
    assert (refused.value.code, refused.value.facts) == ("CELL_DANGEROUS", {"column": "户名"})
    assert f",'{name}," in written(layout(dangerous="quote"), with_name(name)).decode("gb18030")


@pytest.mark.parametrize(("separator", "name"), [("|", "a|b"), ("\t", "a\tb"), (",", "a\nb"), (";", "a\rb")])
def test_a_sign_that_cannot_be_written_stops_the_file(separator: str, name: str) -> None:
    with pytest.raises(PayoutsRefused) as refused:
        written(layout(separator=separator, dangerous="quote"), with_name(name))
    assert refused.value.code == "CELL_SEPARATOR"


def test_what_people_write_is_read_back_as_they_wrote_it() -> None:
    columns = read_columns("收款人 = 收款户名\n币种 := CNY\n")
    assert [tuple(each) for each in columns] == [("收款人", "name", ""), ("币种", "", "CNY")]
    assert [tuple(each) for each in read_columns(written_columns(columns))] == [tuple(each) for each in columns]
    lines = read_control_lines("H,{批次号},{付款笔数}")
    assert lines == ["H,{batch},{count}"]
    assert read_control_lines(written_control_lines(lines)) == lines


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (lambda: read_columns("户名"), "COLUMN_LINE"), (lambda: read_columns("户名 = 外号"), "COLUMN_FIELD"),
        (lambda: read_columns("a = 金额\na = 金额"), "COLUMN_TWICE"), (lambda: checked_columns([], takes="both"), "COLUMNS_EMPTY"),
        (lambda: checked_columns(read_columns("a = 金额"), takes="in_bank"), "COLUMN_MISSING"),
        (lambda: read_control_lines("{外号}"), "PLACE_UNKNOWN"), (lambda: read_control_lines("a{b"), "PLACE_UNKNOWN"),
        (lambda: read_reasons("户名不符 = E1\n账号不存在 = E1"), "WORDS_TWICE"),
        (lambda: read_reasons("外号 = E1"), "CODE_UNKNOWN"),
    ],
)
def test_what_cannot_be_read_is_said(said: Any, code: str) -> None:
    with pytest.raises(PayoutsRefused) as refused:
        said()
    assert refused.value.code == code


def test_files_between_banks_need_a_column_for_the_bank_code() -> None:
    without = read_columns("编号 = 付款编号\n账号 = 收款账号\n户名 = 收款户名\n金额 = 金额")
    assert len(checked_columns(without, takes="in_bank")) == 4
    with pytest.raises(PayoutsRefused):
        checked_columns(without, takes="interbank")


def test_a_banks_own_words_win_over_the_common_ones() -> None:
    assert result_words({"failed": ["S"]})["S"] == "failed"
    assert result_words({})["退票"] == "returned"
    assert reason_words({"closed": ["户名不符"]})["户名不符"] == "closed"
    assert reason_words({})["ACCOUNT_NOT_EXIST"] == "no_account"
