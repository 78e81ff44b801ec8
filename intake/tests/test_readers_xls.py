"""Old workbooks come in by the same way as new ones: marks, limits, hidden sheets, refusals in words."""

from __future__ import annotations

import io
import struct
from datetime import date

import polars as pl
import pytest
from django.utils.translation import override

from intake.checks import check
from intake.readers import FileRefused, Kind, Limits, open_table, raw_cells, read_chunks, sniff
from intake.tests.old_workbook import Cell, Error, Formula, old_workbook
from intake.tests.plain_layout import COLUMNS, CONTEXT, HEADERS, POSITION, good_row, people


@pytest.fixture(autouse=True)
def chinese():
    with override("zh-hans"):
        yield


def row_with(**cells: Cell) -> list[Cell]:
    row: list[Cell] = list(good_row())
    for key, cell in cells.items():
        row[POSITION[key]] = cell
    return row


def refused(stream: io.BytesIO, **how) -> str:
    with pytest.raises(FileRefused) as caught:
        list(read_chunks(stream, COLUMNS, **how))
    return str(caught.value)


def test_thousands_of_rows_come_back_with_their_sheets_and_lines():
    rows = people(3_000)
    stream = old_workbook({"城东": [["名单"], HEADERS, *rows[:2_000]], "城西": [HEADERS, *rows[2_000:]]})
    frame = pl.concat(chunk.frame for chunk in read_chunks(stream, COLUMNS, rows_per_chunk=700, name="名单.xls"))
    assert frame.select(column.key for column in COLUMNS).rows() == [tuple(cell or None for cell in row) for row in rows]
    assert frame["sheet"].to_list() == ["城东"] * 2_000 + ["城西"] * (len(rows) - 2_000)
    assert frame["line"].to_list() == [*range(3, 2_003), *range(2, len(rows) - 2_000 + 2)]


def test_a_file_larger_than_its_first_table_of_sectors_is_read():
    rows = people(24_000)
    stream = old_workbook({"S": [HEADERS, *rows]})
    assert len(stream.getvalue()) > 109 * 128 * 512
    assert sum(len(chunk.frame) for chunk in read_chunks(stream, COLUMNS)) == len(rows)


def test_numbers_formulas_and_errors_bear_their_marks():
    rows = [
        row_with(document=441602196203151219.0, birth_on=22720, region_code=441602),
        row_with(document=Formula("441602196203151219"), address=Formula("东埔"), phone=Formula("")),
        row_with(address=Error(), bank_account=Formula(6228480000000000000.0)),
        row_with(name=Formula(b"\x2a")),
        row_with(bank_account=6222000011112222),
    ]
    table = open_table(old_workbook({"S": [HEADERS, *rows]}), COLUMNS)
    (chunk,) = table.chunks()
    checked = check(chunk.frame, COLUMNS, CONTEXT)
    errors = checked.findings.filter(pl.col("severity") == "error")
    assert errors.select("line", "column", "code").rows() == [
        (2, "document", "ID_NUMERIC"),
        (3, "document", "FORMULA_REFUSED"),
        (4, "address", "CELL_ERROR"),
        (4, "bank_account", "FORMULA_REFUSED"),
        (5, "name", "CELL_ERROR"),
        (6, "bank_account", "ACCOUNT_NUMERIC"),
    ]
    assert checked.frame["address"].to_list()[1] == "东埔"
    assert checked.frame["birth_on"][0] == date(1962, 3, 15)
    assert [str(finding) for finding in table.findings] == ["工作表“S”：含有公式的单元格（5），已按显示的结果读取，请核对"]
    assert raw_cells(chunk.frame["raw"][1], table.sheets["S"])[POSITION["address"]] == "东埔"


def test_hidden_sheets_are_told_of():
    stream = old_workbook({"城东": [HEADERS, good_row()], "旧": [HEADERS, good_row(name="李四")]}, hidden=["旧"])
    table = open_table(stream, COLUMNS)
    assert [chunk.frame["name"].to_list() for chunk in table.chunks()] == [["王小明"]]
    assert [(finding.code, finding.extra) for finding in table.findings] == [("SHEET_HIDDEN", "旧")]


@pytest.mark.parametrize(
    ("stream", "sentence"),
    [
        (old_workbook({"S": []}), "文件是空的，请检查后重新上传"),
        (old_workbook({"S": [HEADERS]}), "只有表头，没有数据，请填写数据后重新上传"),
        (
            old_workbook({"S": [HEADERS, good_row()]}, others=["_VBA_PROJECT_CUR"]),
            "文件带有宏，请另存为不带宏的.xlsx后重新上传",
        ),
        (old_workbook({"S": []}, stream="EncryptedPackage"), "文件设有打开密码，请取消密码后重新上传"),
        (
            old_workbook({"S": []}, stream="WordDocument"),
            "这不是可以读取的表格（OLE），请在Excel或WPS中另存为.xlsx或CSV后重新上传",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(stream, sentence):
    assert refused(stream) == sentence


def test_a_cell_that_names_a_macro_is_no_macro():
    texts = [good_row(address="x" * pad + "_VBA_PROJECT_CUR EncryptedPackage") for pad in range(3)]
    assert sum(len(chunk.frame) for chunk in read_chunks(old_workbook({"S": [HEADERS, *texts]}), COLUMNS)) == 3


def test_the_old_formats_own_password_is_told():
    content = old_workbook({"S": [HEADERS, good_row()]}).getvalue()
    code_page = struct.pack("<HHH", 0x0042, 2, 1200)
    assert content.count(code_page) == 1
    locked = content.replace(code_page, struct.pack("<HHH", 0x002F, 2, 1))
    assert refused(io.BytesIO(locked)) == "文件设有打开密码，请取消密码后重新上传"


@pytest.mark.parametrize("cut", [600, 3_000, -600])
def test_a_cut_file_is_damaged(cut):
    content = old_workbook({"S": [HEADERS, *people(50)]}).getvalue()
    assert refused(io.BytesIO(content[:cut])).startswith(("文件已损坏", "这不是可以读取的表格（OLE）"))


def test_a_chain_that_bites_its_tail_is_damaged():
    content = bytearray(old_workbook({"S": [HEADERS, *people(50)]}).getvalue())
    content[-512:-508] = struct.pack("<I", 0)
    assert refused(io.BytesIO(bytes(content))).startswith("文件已损坏")


def test_limits_hold_for_old_workbooks_too():
    stream = old_workbook({"S": [HEADERS, *people(3_000)]})
    assert refused(stream, limits=Limits(wall_seconds=0)).startswith("文件展开后过大（")
    assert refused(stream, limits=Limits(output=1_000)).startswith("文件展开后过大（0 MB）")
    assert refused(stream, limits=Limits(rows=10)) == "行数超过上限（10），请拆成几个文件上传"


def test_the_name_may_be_old_for_new_content_but_not_the_other_way_round():
    stream = old_workbook({"S": [HEADERS, good_row()]})
    assert sniff(stream, name="名单.xls") is Kind.XLS
    assert sniff(stream, name="名单.et") is Kind.XLS
    with pytest.raises(FileRefused) as caught:
        sniff(stream, name="名单.xlsx")
    assert caught.value.findings[0].extra == ".xlsx ≠ XLS"
