"""Workbooks: several sheets as one, cells as they were meant, hostile files refused in words."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime

import polars as pl
import pytest
from django.utils.translation import override

from intake.checks import check
from intake.readers import FileRefused, Kind, Limits, open_table, raw_cells, read_chunks, sniff
from intake.tests.plain_layout import COLUMNS, CONTEXT, HEADERS, good_row, people, rewritten, workbook


@pytest.fixture(autouse=True)
def chinese():
    with override("zh-hans"):
        yield


def refused(stream: io.BytesIO, **how) -> str:
    with pytest.raises(FileRefused) as caught:
        list(read_chunks(stream, COLUMNS, **how))
    return str(caught.value)


def test_thousand_rows_come_back_with_their_lines():
    rows = people(1_000)
    chunks = list(read_chunks(workbook({"名单": [HEADERS, *rows]}), COLUMNS, rows_per_chunk=300))
    frame = pl.concat(chunk.frame for chunk in chunks)
    assert frame.select(column.key for column in COLUMNS).rows() == [
        tuple(cell or None for cell in row) for row in rows
    ]
    assert frame["line"].to_list() == list(range(2, len(rows) + 2))
    assert [len(chunk.frame) for chunk in chunks[:-1]] == [300] * (len(chunks) - 1)


def test_sheets_with_the_header_are_one_roster_and_the_others_are_named():
    stream = workbook(
        {
            "城东": [["河源市名单"], [], HEADERS, good_row(), [], good_row(name="李四")],
            "城西": [HEADERS, good_row(name="王五")],
            "填写说明": [["列名", "必填"]],
            "别的": [["k", "v"], ["1", "2"]],
            "空": [],
        }
    )
    table = open_table(stream, COLUMNS)
    frame = pl.concat(chunk.frame for chunk in table.chunks())
    assert frame.select("sheet", "line", "name").rows() == [
        ("城东", 4, "王小明"),
        ("城东", 6, "李四"),
        ("城西", 2, "王五"),
    ]
    assert list(table.sheets) == ["城东", "城西"]
    assert [str(finding) for finding in table.findings] == [
        "工作表“别的”没有需要的表头，未读取，如应导入，请补上表头后重新上传"
    ]


def test_only_the_chosen_sheet_is_read_and_twice_in_a_row():
    stream = workbook({"城东": [HEADERS, good_row()], "城西": [HEADERS, good_row(name="王五")]})
    table = open_table(stream, COLUMNS, sheets=["城西"])
    for _ in range(2):
        assert [chunk.frame["name"].to_list() for chunk in table.chunks()] == [["王五"]]
    table.close()


def test_a_document_kept_as_a_number_is_refused_and_text_that_looks_like_one_is_not():
    rows = [good_row(), good_row(), good_row(bank_account="6222000011112222")]
    rows[1][2] = 441602196203151219
    rows[2][10] = 6222000011112222
    (chunk,) = read_chunks(workbook({"S": [HEADERS, *rows]}), COLUMNS)
    found = check(chunk.frame, COLUMNS, CONTEXT).findings
    assert found.filter(pl.col("severity") == "error").select("line", "column", "code").rows() == [
        (3, "document", "ID_NUMERIC"),
        (4, "bank_account", "ACCOUNT_NUMERIC"),
    ]


def test_dates_and_short_numbers_are_text_as_a_person_reads_them():
    row = good_row()
    row[4], row[5] = date(1962, 3, 15), 441602
    other = good_row()
    other[4] = datetime(1962, 3, 15, 8, 30)
    (chunk,) = read_chunks(workbook({"S": [HEADERS, row, other]}), COLUMNS)
    assert chunk.frame["birth_on"].to_list() == ["1962-03-15", "1962-03-15 08:30:00"]
    assert chunk.frame["region_code"][0] == "441602"
    assert check(chunk.frame, COLUMNS, CONTEXT).frame["birth_on"].to_list() == [date(1962, 3, 15)] * 2


def test_formulas_are_read_as_shown_and_refused_in_a_document():
    stream = workbook({"S": [HEADERS, good_row(address="=A1", document="=B1")]})
    cached = rewritten(stream, "xl/worksheets/sheet1.xml", b"<f>A1</f><v />", b"<f>A1</f><v>8</v>")
    cached = rewritten(cached, "xl/worksheets/sheet1.xml", b"<f>B1</f><v />", b"<f>B1</f><v>9</v>")
    table = open_table(cached, COLUMNS)
    (chunk,) = table.chunks()
    assert [str(finding) for finding in table.findings] == ["工作表“S”：含有公式的单元格（2），已按显示的结果读取，请核对"]
    checked = check(chunk.frame, COLUMNS, CONTEXT)
    assert checked.frame["address"].to_list() == ["8"]
    assert checked.findings.select("column", "code").rows() == [("document", "FORMULA_REFUSED")]
    assert raw_cells(chunk.frame["raw"][0], table.sheets["S"])[2] == "9"


def test_formulas_keep_their_column_when_the_first_columns_are_empty():
    rows = [["", "", *row] for row in (HEADERS, good_row(document="=B1"))]
    stream = rewritten(workbook({"S": rows}), "xl/worksheets/sheet1.xml", b"<f>B1</f><v />", b"<f>B1</f><v>9</v>")
    (chunk,) = read_chunks(stream, COLUMNS)
    assert check(chunk.frame, COLUMNS, CONTEXT).findings.select("column", "code").rows() == [("document", "FORMULA_REFUSED")]


def test_a_formula_that_was_never_calculated_and_an_error_are_not_taken_for_empty_cells():
    stream = workbook({"S": [HEADERS, good_row(address="=A1"), good_row(phone="#N/A"), good_row(bank_name='=""')]})
    stream = rewritten(
        stream, "xl/worksheets/sheet1.xml", b'<c r="J4"><f>""</f><v /></c>', b'<c r="J4" t="str"><f>""</f><v></v></c>'
    )
    (chunk,) = read_chunks(stream, COLUMNS)
    checked = check(chunk.frame, COLUMNS, CONTEXT)
    assert checked.findings.select("line", "column", "code").rows() == [
        (2, "address", "CELL_ERROR"), (3, "phone", "CELL_ERROR"),
    ]  # fmt: skip
    assert checked.frame["bank_name"].to_list()[2] is None


@pytest.mark.parametrize("how", ["prefixed", "without places", "reordered"])
def test_marks_are_found_however_the_sheet_is_written(how):
    row = good_row(address="=A1", bank_account="")
    row[2] = 441602196203151219
    stream = workbook({"S": [HEADERS, row, good_row(phone="#REF!")]})
    part = "xl/worksheets/sheet1.xml"
    stream = rewritten(stream, part, b"<f>A1</f><v />", b"<f>A1</f><v>8</v>")
    with zipfile.ZipFile(stream) as archive:
        xml = archive.read(part)
    if how == "prefixed":
        made = re.sub(rb"<(/?)([a-zA-Z])", rb"<\1x:\2", xml).replace(b"xmlns=", b"xmlns:x=")
    elif how == "without places":
        made = re.sub(rb'<c r="[A-Z]+[0-9]+"', b"<c", re.sub(rb'<row r="[0-9]+"', b"<row", xml))
    else:
        made = re.sub(rb'<c (r="[A-Z]+[0-9]+") ([^>]*)>', rb"<c \2 \1>\n", xml)
    (chunk,) = read_chunks(rewritten(stream, part, xml, made), COLUMNS)
    found = check(chunk.frame, COLUMNS, CONTEXT).findings.filter(pl.col("severity") == "error")
    places = found.select("line", "code").rows()
    assert places[0] == (2, "ID_NUMERIC")
    assert places[-1] == (3, "CELL_ERROR")


@pytest.mark.parametrize(
    ("sheets", "sentence"),
    [
        ({"S": []}, "文件是空的，请检查后重新上传"),
        ({"S": [HEADERS]}, "只有表头，没有数据，请填写数据后重新上传"),
        (
            {"S": [["姓名", "证件号码"], ["a", "b"]]},
            "工作表“S”：缺少必需的列：户籍地区代码、困难类别，请补上，或把对应的表头改为模板中的名称后重新上传",
        ),
        ({"S": [[*HEADERS, "身份证号"], [*good_row(), ""]]}, "工作表“S”：表头重复：证件号码，请只保留一列"),
    ],
)
def test_a_workbook_without_rows_or_headings_is_refused(sheets, sentence):
    assert refused(workbook(sheets)) == sentence


def test_entities_in_any_part_are_refused():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet'
    stream = rewritten(workbook({"S": [HEADERS, good_row()]}), "xl/worksheets/sheet1.xml", b"<worksheet", bomb)
    assert refused(stream) == "文件内含有不允许的实体声明，请在Excel或WPS中另存为.xlsx后重新上传"


def test_a_cut_or_scrambled_file_is_damaged():
    whole = workbook({"S": [HEADERS, *people(50)]}).getvalue()
    damaged = "文件已损坏，无法打开，请在Excel或WPS中打开并另存后重新上传"
    assert refused(io.BytesIO(whole[: len(whole) // 2])) == damaged
    middle = whole.index(b"xl/worksheets/sheet1.xml") + 60
    assert refused(io.BytesIO(whole[:middle] + b"\x00" * 40 + whole[middle + 40 :])) == damaged


def zipped(**parts: bytes) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return stream


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"xl__workbook_dot_xml": b"", "xl__vbaProject_dot_bin": b"x"}, "文件带有宏，请另存为不带宏的.xlsx后重新上传"),
        ({"word__document_dot_xml": b""}, "这不是可以读取的表格（ZIP），请在Excel或WPS中另存为.xlsx或CSV后重新上传"),
        ({"xl__workbook_dot_bin": b""}, "这不是可以读取的表格（.xlsb），请在Excel或WPS中另存为.xlsx或CSV后重新上传"),
        (
            {"xl__workbook_dot_xml": b"", "xl__a": b"0" * 40_000_000},
            "文件展开后过大（38 MB），请删除空白行列和图片，或拆成几个文件后重新上传",
        ),
    ],
)
def test_what_is_no_plain_workbook_is_told_from_the_zip_directory(parts, sentence):
    assert refused(zipped(**parts)) == sentence


def test_too_many_parts_are_refused():
    stream = zipped(**{f"p{number}": b"" for number in range(30)})
    assert (
        refused(stream, limits=Limits(entries=20))
        == "文件展开后过大（30 parts），请删除空白行列和图片，或拆成几个文件后重新上传"
    )


def test_old_workbooks_and_passwords_are_told_apart():
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504
    assert refused(io.BytesIO(ole)) == "这不是可以读取的表格（OLE），请在Excel或WPS中另存为.xlsx或CSV后重新上传"
    locked = ole + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 100
    assert refused(io.BytesIO(locked)) == "文件设有打开密码，请取消密码后重新上传"


def test_a_parser_that_needs_too_much_memory_or_time_is_stopped():
    stream = workbook({"S": [HEADERS, *people(3_000)]})
    said = "文件展开后过大（），请删除空白行列和图片，或拆成几个文件后重新上传"
    assert refused(stream, limits=Limits(wall_seconds=0)) == said
    assert refused(stream, limits=Limits(output=1_000)).startswith("文件展开后过大（0 MB）")


def test_a_cell_far_away_does_not_take_the_machine_down():
    stream = workbook({"S": [HEADERS, good_row()]})
    far = b'<row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row></sheetData>'
    stream = rewritten(stream, "xl/worksheets/sheet1.xml", b"</sheetData>", far)
    assert refused(stream, limits=Limits(memory=2 * 1024**3)).startswith("文件展开后过大（")


def test_kind_is_told_by_content():
    assert sniff(workbook({"S": [HEADERS]}), name="a.xlsx") is Kind.XLSX
    with pytest.raises(FileRefused) as caught:
        sniff(workbook({"S": [HEADERS]}), name="a.csv")
    assert str(caught.value) == "这不是可以读取的表格（.csv ≠ XLSX），请在Excel或WPS中另存为.xlsx或CSV后重新上传"
