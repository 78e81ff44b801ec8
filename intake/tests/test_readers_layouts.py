"""Lists as offices lay them out: two-row headers, printed pages, totals, signatures, merged heads, a sheet per village."""

from __future__ import annotations

import io
from collections.abc import Sequence

import polars as pl
import pytest
from django.utils.translation import override
from openpyxl import Workbook

from intake.checks import check
from intake.columns import Column
from intake.readers import FileRefused, Several, open_table, raw_cells
from intake.tests.old_workbook import old_workbook
from intake.tests.plain_layout import COLUMNS, CONTEXT, HEADERS, good_row, rewritten, workbook

LIST = (
    Column("head", "户主", ("户主姓名",), clean="name", personal="name", fill_down=True),
    Column("name", "姓名", ("成员姓名",), required=True, clean="name", personal="name"),
    Column("kind", "证件类型"),
    Column("document", "证件号码", required=True, clean="document", personal="document"),
    Column("note", "说明"),
)
IDS = ("441602196203151219", "44162519951102042X", "441704201806010337", "451002201202290033")


@pytest.fixture(autouse=True)
def chinese():
    with override("zh-hans"):
        yield


def as_csv(rows: Sequence[Sequence[str]]) -> io.BytesIO:
    return io.BytesIO("\n".join(",".join(row) for row in rows).encode())


def as_xlsx(rows: Sequence[Sequence[str]]) -> io.BytesIO:
    return workbook({"S": rows})


def as_xls(rows: Sequence[Sequence[str]]) -> io.BytesIO:
    return old_workbook({"S": rows})


KINDS = pytest.mark.parametrize("made", [as_csv, as_xlsx, as_xls])


def read(stream: io.BytesIO, columns=LIST, **how) -> tuple[pl.DataFrame, list[str]]:
    """Rows and sentences."""
    table = open_table(stream, columns, **how)
    frame = pl.concat(chunk.frame for chunk in table.chunks())
    return frame, [str(finding).removeprefix("工作表“S”：") for finding in table.findings]


@KINDS
def test_a_header_of_two_rows_under_a_title_is_one(made):
    rows = [
        ["东埔街道救助名单", "", "", "", ""],
        ["序号", "姓名", "证件", "", "说明"],
        ["", "", "类型", "号码", ""],
        ["1", "张三", "身份证", IDS[0], "a"],
        ["2", "李四", "身份证", IDS[1], ""],
    ]
    frame, said = read(made(rows))
    assert frame.select("line", "name", "kind", "document", "note").rows() == [
        (4, "张三", "身份证", IDS[0], "a"),
        (5, "李四", "身份证", IDS[1], None),
    ]
    assert said == ["不认识的列：序号，该列不会导入，原文保留；如需要请把表头改为模板中的名称后重新上传"]


@KINDS
def test_a_group_that_only_gathers_leaves_its_columns_their_own_names(made):
    rows = [["基本信息", "", "监护人", ""], ["姓名", "证件号码", "姓名", "证件号码"], ["张三", IDS[0], "李四", IDS[1]]]
    columns = (*LIST[1:4], Column("guardian", "监护人姓名"), Column("guardian_document", "监护人证件号码"))
    frame, said = read(made(rows), columns)
    assert frame.select("name", "document", "guardian", "guardian_document").rows() == [("张三", IDS[0], "李四", IDS[1])]
    assert said == []


def test_two_groups_of_the_same_names_are_asked_about_and_not_guessed():
    rows = [["户主", "", "成员", ""], ["姓名", "证件号码", "姓名", "证件号码"], ["张三", IDS[0], "李四", IDS[1]]]
    columns = LIST[1:4]
    with pytest.raises(FileRefused) as caught:
        open_table(as_csv(rows), (Column("name", "姓名", required=True), *columns[1:]))
    assert str(caught.value) == "表头重复：姓名、证件号码，请只保留一列"


def test_the_headings_of_two_rows_are_given_back_as_one_that_is_read_again():
    rows = [["姓名", "证件", "", "备 忘"], ["", "类型", "号码", ""], ["张三", "身份证", IDS[0], "x"]]
    table = open_table(as_csv(rows), LIST)
    assert table.sheets[""].headers == ("姓名", "证件类型", "证件号码", "备 忘")
    assert table.sheets[""].match.unknown == ("备 忘",)


@KINDS
def test_totals_signatures_and_repeated_headings_are_left_out_and_told_of(made):
    header = ["序号", "姓名", "证件类型", "证件号码", "说明"]
    rows = [
        ["东埔村名单", "", "", "", ""],
        header,
        ["1", "张三", "身份证", IDS[0], ""],
        ["", "小 计", "", "1人", ""],
        ["东埔村名单", "", "", "", ""],
        header,
        ["2", "李四", "身份证", IDS[1], "审核人已看"],
        ["3", "合计", "身份证", IDS[2], ""],
        ["本村合计:", "", "", "2", ""],
        ["填表人:王五", "", "审核人:赵六", "", "制表日期:2025年1月1日"],
        ["备注:以上人员已公示", "", "", "", ""],
    ]
    frame, said = read(made(rows))
    assert frame.select("line", "name").rows() == [(3, "张三"), (7, "李四"), (8, "合计")]
    assert said[1:] == [
        "合计行未导入（行号4、9），如其中有人员，请更正后重新上传",
        "填表人、备注等行未导入（行号10、11），如其中有人员，请更正后重新上传",
        "重复的标题和表头未导入（行号5、6），无需处理",
    ]
    assert frame["broken"].null_count() == 3


def test_a_signature_without_delimiters_is_no_ragged_row():
    frame, said = read(io.BytesIO(f"姓名,证件号码\n张三,{IDS[0]}\n填表人: 王五\n李四\n".encode()))
    assert frame.select("line", "broken").rows() == [(2, None), (4, "COLUMN_COUNT")]
    assert said == ["填表人、备注等行未导入（行号3），如其中有人员，请更正后重新上传"]


def test_people_whose_names_look_like_totals_or_notes_are_people():
    names = ["计小明", "王合计", "小计", "注册", "主管", "签名", "负责人"]
    rows = [["姓名", "证件号码"], *([name, IDS[0]] for name in names)]
    frame, said = read(as_csv(rows))
    assert frame["name"].to_list() == names
    assert said == []


def test_many_lines_are_told_by_the_first_ten():
    rows = [["姓名", "证件号码"], *(["张三", IDS[0]] if n % 2 else ["小计", ""] for n in range(40))]
    assert read(as_csv(rows))[1] == [
        "合计行未导入（行号2、4、6、8、10、12、14、16、18、20 … (20)），如其中有人员，请更正后重新上传"
    ]


def merged_xlsx(rows: Sequence[Sequence[str]], *ranges: str) -> io.BytesIO:
    book = Workbook()
    sheet = book.active
    sheet.title = "S"
    for row in rows:
        sheet.append([cell or None for cell in row])
    for place in ranges:
        sheet.merge_cells(place)
    stream = io.BytesIO()
    book.save(stream)
    return stream


HOUSEHOLDS = [
    ["户主", "姓名", "证件号码", "说明"],
    ["张三", "张三", IDS[0], ""],
    ["", "张四", IDS[1], ""],
    ["李五", "李五", IDS[2], ""],
    ["", "李六", IDS[3], ""],
]


@pytest.mark.parametrize(
    "stream",
    [
        merged_xlsx(HOUSEHOLDS, "A2:A3", "A4:A5"),
        old_workbook({"S": HOUSEHOLDS}, merges={"S": [(1, 2, 0, 0), (3, 4, 0, 0)]}),
    ],
    ids=["xlsx", "xls"],
)
def test_a_merged_household_head_stands_in_each_row_and_is_told_of(stream):
    table = open_table(stream, LIST)
    (chunk,) = table.chunks()
    assert chunk.frame.select("line", "head", "name", "broken").rows() == [
        (2, "张三", "张三", None),
        (3, "张三", "张四", None),
        (4, "李五", "李五", None),
        (5, "李五", "李六", None),
    ]
    assert [str(finding) for finding in table.findings] == ["工作表“S”：合并单元格已向下填充（2处），请核对各行的内容"]
    assert raw_cells(chunk.frame["raw"][1], table.sheets["S"]) == ["张三", "张四", IDS[1], ""]


def test_merged_cells_of_other_columns_refuse_their_rows_by_place():
    rows = [*HOUSEHOLDS[:1], ["张三", "张三", IDS[0], "x"], ["", "张四", IDS[1], ""], *HOUSEHOLDS[3:]]
    frame, said = read(merged_xlsx(rows, "D2:D3", "B5:C5"))
    assert frame.select("line", "name", "broken", "broken_extra").rows() == [
        (2, "张三", None, None),
        (3, None, "UNMERGE", "D2:D3"),
        (4, "李五", None, None),
        (5, None, "UNMERGE", "B5:C5"),
    ]
    assert said == []
    found = check(frame, LIST, CONTEXT).findings
    assert found.select("line", "code", "extra").rows() == [(3, "UNMERGE", "D2:D3"), (5, "UNMERGE", "B5:C5")]


def test_merged_titles_headings_totals_and_empty_cells_harm_nobody():
    rows = [
        ["东埔村名单", "", "", ""],
        ["姓名", "证件", "", "说明"],
        ["", "类型", "号码", ""],
        ["张三", "身份证", IDS[0], ""],
        ["李四", "身份证", IDS[1], ""],
        ["合计", "", "", "2"],
    ]
    frame, said = read(merged_xlsx(rows, "A1:D1", "A2:A3", "B2:C2", "D2:D3", "D4:D5", "A6:C6"))
    assert frame.select("line", "name", "broken").rows() == [(4, "张三", None), (5, "李四", None)]
    assert said == ["合计行未导入（行号6），如其中有人员，请更正后重新上传"]


def test_a_head_merged_over_more_rows_than_there_are_fills_only_those():
    stream = merged_xlsx(HOUSEHOLDS[:3], "A2:A3")
    frame, _ = read(rewritten(stream, "xl/worksheets/sheet1.xml", b'"A2:A3"', b'"A2:A900000"'))
    assert frame.select("line", "head").rows() == [(2, "张三"), (3, "张三")]


def hidden_workbook(*hidden: str) -> io.BytesIO:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, person in (("城东", "王小明"), ("城西", "李四"), ("旧", "王五")):
        sheet = book.create_sheet(name)
        sheet.append(HEADERS)
        sheet.append(good_row(name=person))
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    stream = io.BytesIO()
    book.create_sheet("空")
    book.save(stream)
    return stream


def test_a_hidden_sheet_is_not_read_and_told_of():
    frame, said = read(hidden_workbook("旧"), COLUMNS)
    assert frame.select("sheet", "name").rows() == [("城东", "王小明"), ("城西", "李四")]
    assert said == ["工作表“旧”已隐藏，未读取，如应导入，请在Excel或WPS中取消隐藏后重新上传"]


def test_a_hidden_sheet_is_read_when_it_is_chosen():
    frame, said = read(hidden_workbook("旧"), COLUMNS, sheets=["旧"])
    assert (frame["name"].to_list(), said) == (["王五"], [])


def test_only_hidden_sheets_are_refused_by_name():
    with pytest.raises(FileRefused) as caught:
        open_table(hidden_workbook("城东", "城西", "旧"), COLUMNS)
    assert [finding.extra for finding in caught.value.findings] == ["城东", "城西", "旧"]
    assert caught.value.code == "SHEET_HIDDEN"


def test_a_person_is_asked_which_of_several_sheets_is_meant():
    with pytest.raises(FileRefused) as caught:
        open_table(hidden_workbook("旧"), COLUMNS, several=Several.ASK)
    assert str(caught.value) == "有多张工作表含有数据（城东、城西），请只保留要导入的工作表后重新上传"
    frame, _ = read(hidden_workbook("城西", "旧"), COLUMNS, several=Several.ASK)
    assert frame["name"].to_list() == ["王小明"]


def test_a_chosen_sheet_that_is_not_there_is_asked_for_again():
    with pytest.raises(FileRefused) as caught:
        open_table(hidden_workbook(), COLUMNS, sheets=["城北"])
    assert str(caught.value) == "有多张工作表含有数据（城东、城西、旧），请只保留要导入的工作表后重新上传"


def test_a_chosen_sheet_without_headings_is_told_of_while_the_other_is_read():
    stream = workbook({"城东": [HEADERS, good_row()], "别的": [["k", "v"], ["1", "2"]]})
    frame, said = read(stream, COLUMNS, sheets=["城东", "别的"])
    assert frame["name"].to_list() == ["王小明"]
    assert said == ["工作表“别的”没有需要的表头，未读取，如应导入，请补上表头后重新上传"]


@KINDS
def test_empty_columns_and_rows_around_the_list_are_nothing(made):
    rows = [["", "姓名", "", "证件号码", "", ""], [""] * 6, ["", "张三", "", IDS[0], "", ""], [""] * 6, ["", " ", "", "", "", ""]]
    frame, said = read(made(rows))
    assert frame.select("line", "name", "document", "broken").rows() == [(3, "张三", IDS[0], None)]
    assert said == []
