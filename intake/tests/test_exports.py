"""Refused rows go back in their own layout and come in again; templates are made from the columns."""

from __future__ import annotations

import io

import polars as pl
import pytest
from django.utils.translation import override
from openpyxl import load_workbook

from intake.checks import check
from intake.exports import RefusedRow, harmless, reason_of, write_refused_csv, write_refused_xlsx, write_template
from intake.readers import open_table, raw_cells, read_chunks
from intake.tests.plain_layout import COLUMNS, CONTEXT, HEADERS, csv_file, good_row, people, workbook


@pytest.fixture(autouse=True)
def chinese():
    with override("zh-hans"):
        yield


def test_reason_joins_the_sentences_of_a_row():
    assert reason_of([("ID_CHECKSUM", "证件号码", ""), ("REGION_RETIRED", "户籍地区代码", "451081")]) == (
        "证件号码：校验位不符，请核对最后一位;户籍地区代码：该地区代码已撤销，已改用451081，请核对"
    )


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(first):
    assert harmless(first + "1+1") == f"'{first}1+1"
    assert harmless("1" + first) == "1" + first


def test_refused_csv_has_the_files_own_columns_then_line_and_reason():
    target = io.BytesIO()
    rows = [RefusedRow(17, ["1", "=cmd", 'a,"b"', "9", "old"], "姓名:姓名为空,请填写"), RefusedRow(18, ["2"], "x")]
    assert write_refused_csv(target, ["序号", "姓名", "备注", "行号", "原因"], rows) == 2
    assert target.getvalue().decode() == (
        '\ufeff序号,姓名,备注,行号,原因\r\n1,\'=cmd,"a,""b""",17,"姓名:姓名为空,请填写"\r\n2,,,18,x\r\n'
    )


def refused_rows(source, columns=COLUMNS) -> tuple[dict, list[RefusedRow]]:
    table = open_table(source, columns)
    rows = [
        RefusedRow(line, raw_cells(raw, table.sheets[sheet]), "原因", sheet)
        for chunk in table.chunks()
        for sheet, line, raw in chunk.frame.select("sheet", "line", "raw").rows()
    ]
    table.close()
    return {name: sheet.headers for name, sheet in table.sheets.items()}, rows


@pytest.mark.parametrize("write", ["csv", "xlsx"])
def test_thousand_refused_rows_go_out_and_come_in_again_unchanged(write):
    rows = people(1_000)
    rows[3] = good_row(address="=1+1")
    rows[4] = good_row(address='8号,"东"\n楼')
    rows[5] = good_row(address="-")
    headers, refused = refused_rows(
        workbook({"名单": [HEADERS, *[[c if not c.startswith("=") else f"\u200b{c}" for c in row] for row in rows]]})
    )
    target = io.BytesIO()
    count = (
        write_refused_csv(target, headers["名单"], refused)
        if write == "csv"
        else write_refused_xlsx(target, headers, refused)
    )
    assert count == len(rows)
    (chunk,) = read_chunks(target, COLUMNS)
    before = check(pl.concat(c.frame for c in read_chunks(csv_file(people(1)), COLUMNS)), COLUMNS, CONTEXT)
    after = check(chunk.frame, COLUMNS, CONTEXT).frame
    assert before.frame["name"].len() == 1
    assert after.select("name", "document", "phone").rows()[10:] == [(r[0], r[2], r[8]) for r in rows[10:]]
    assert after["address"].to_list()[3:6] == ["=1+1", '8号,"东" 楼', "-"]


def test_refused_workbook_keeps_sheets_and_text_cells():
    target = io.BytesIO()
    rows = [
        RefusedRow(2, ["=1+1", "441602196203151219\x0b"], "为什么", "城东"),
        RefusedRow(3, ["b", "1"], "为什么", "城西"),
    ]
    headers = {"城东": ["姓名", "证件号码"], "城西": ["姓名", "身份证号"]}
    assert write_refused_xlsx(target, headers, rows) == 2
    book = load_workbook(target)
    assert book.sheetnames == ["城东", "城西"]
    assert [[cell.value for cell in row] for row in book["城东"].iter_rows()] == [
        ["姓名", "证件号码", "行号", "原因"],
        ["=1+1", "441602196203151219", "2", "为什么"],
    ]
    assert book["城东"]["A2"].data_type == "s"
    assert book["城东"]["B2"].number_format == "@"
    assert book["城西"]["B1"].value == "身份证号"


def test_a_file_without_refused_rows_is_still_a_file():
    target = io.BytesIO()
    assert write_refused_xlsx(target, {"": ["姓名"]}, []) == 0
    assert load_workbook(target).sheetnames == ["名单"]


def test_template_has_headings_notes_text_cells_and_drop_downs():
    target = io.BytesIO()
    write_template(target, COLUMNS, title="爱心保名单")
    book = load_workbook(target)
    assert book.sheetnames == ["爱心保名单", "选项", "填写说明"]
    assert book["选项"].sheet_state == "hidden"
    sheet = book["爱心保名单"]
    assert [cell.value for cell in sheet[1]] == [f"{c.label}*" if c.required else c.label for c in COLUMNS]
    assert sheet["C1"].comment.text == "18位,设为文本\n例：441602196203151219"
    assert sheet.column_dimensions["C"].number_format == "@"
    assert {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation} == {
        "B2:B5000": "'选项'!$B$1:$B$2",
        "D2:D5000": "'选项'!$D$1:$D$2",
        "H2:H5000": "'选项'!$H$1:$H$2",
    }
    assert [cell.value for cell in book["填写说明"][4]] == [
        "证件号码",
        "是",
        "18位,设为文本",
        "441602196203151219",
        None,
        "身份证号、身份证号码",
    ]


def test_a_filled_template_is_read_without_a_warning():
    target = io.BytesIO()
    write_template(target, COLUMNS)
    book = load_workbook(target)
    for row in people(3):
        book.worksheets[0].append(row)
    filled = io.BytesIO()
    book.save(filled)
    table = open_table(filled, COLUMNS)
    (chunk,) = table.chunks()
    assert (table.findings, len(chunk.frame)) == ([], 3)
    assert check(chunk.frame, COLUMNS, CONTEXT).findings.is_empty()
