"""Headings as people write them, matched to the declared columns."""

from __future__ import annotations

import pytest

from intake.columns import Column, HeaderMatch, fold_header, match_headers

COLUMNS = (
    Column("name", "姓名", ("家庭成员姓名",), required=True),
    Column("document", "证件号码", ("身份证号", "身份证号码"), required=True),
    Column("phone", "联系电话"),
)


@pytest.mark.parametrize(
    "heading",
    [
        "姓名",
        " 姓 名 ",
        "姓\u3000名",
        "姓名*",
        "*姓名",
        "姓\n名",
        "\ufeff姓名",
        "姓名\uff1a",
        "家庭成员姓名",
        "姓名(必填)",
        "姓名\uff08必填\uff09",
    ],
)
def test_heading_is_recognised_through_blanks_width_marks_and_synonyms(heading):
    assert match_headers([heading, "身份证号"], COLUMNS) == HeaderMatch({"name": 0, "document": 1}, (), (), ())


def test_missing_twice_and_unknown_are_told_apart():
    match = match_headers(["证件号码", "备注", "身份证号", None, ""], COLUMNS)
    assert match == HeaderMatch({"document": 0}, ("姓名",), ("证件号码",), ("备注",))
    assert not match.usable


def test_an_optional_column_may_be_absent():
    assert match_headers(["姓名", "证件号码"], COLUMNS).usable


def test_a_heading_mapped_by_hand_wins_over_the_declaration():
    match = match_headers(
        ["户主", "姓名", "号码"], COLUMNS, aliases={"户 主": "name", "姓名": "phone", "号码": "document", "x": "gone"}
    )
    assert match == HeaderMatch({"name": 0, "phone": 1, "document": 2}, (), (), ())


def test_line_and_reason_of_a_file_of_refused_rows_are_no_unknown_headings():
    assert match_headers(["姓名", "证件号码", "行号", "原因"], COLUMNS).unknown == ()


def test_width_and_case_fold_alike():
    assert fold_header("\uff29\uff24 Card ") == fold_header("id card") == "idcard"
    assert fold_header(None) == ""
