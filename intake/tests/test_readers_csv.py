"""CSV files of every encoding, delimiter and sloppiness become the same chunks, with true line numbers."""

from __future__ import annotations

import io
import tracemalloc

import polars as pl
import pytest
from django.utils.translation import override
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intake.columns import Column
from intake.readers import FileRefused, Kind, Limits, open_table, raw_cells, read_chunks, sniff
from intake.readers.text import join_raw
from intake.tests.plain_layout import COLUMNS, GOOD, HEADERS, csv_file, good_row, people

TWO = (Column("name", "姓名", required=True), Column("note", "备注"))


@pytest.fixture(autouse=True)
def chinese():
    with override("zh-hans"):
        yield


def read(content: bytes, columns=TWO, **how) -> pl.DataFrame:
    return pl.concat(chunk.frame for chunk in read_chunks(io.BytesIO(content), columns, **how))


def cells(content: bytes) -> list[tuple]:
    return read(content).select("line", "name", "note").rows()


def refused(content: bytes, columns=TWO, **how) -> str:
    with pytest.raises(FileRefused) as caught:
        list(read_chunks(io.BytesIO(content), columns, **how))
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("eol", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_thousand_rows_come_back_in_every_coding_delimiter_and_line_ending(coding, delimiter, eol):
    rows = people(1_000)
    rows[7] = good_row(name="𠮷喆㐂")
    frame = pl.concat(
        chunk.frame
        for chunk in read_chunks(
            csv_file(rows, coding=coding, delimiter=delimiter, eol=eol), COLUMNS, rows_per_chunk=300
        )
    )
    expected = [tuple(cell or None for cell in row) for row in rows]
    assert frame.select(column.key for column in COLUMNS).rows() == expected
    assert frame["line"].to_list() == list(range(2, len(rows) + 2))
    assert frame["broken"].null_count() == len(rows)


def test_utf_16_big_endian_is_told_by_its_mark():
    assert cells("\ufeff姓名,备注\n张三,x\n".encode("utf-16-be")) == [(2, "张三", "x")]


def test_quoted_commas_line_breaks_and_quotes_keep_cells_and_line_numbers():
    content = '姓名,备注\r\n张三,"一,\r\n二"\r\n\r\n"李""四",x\r\n王五,"a"\r\n'
    assert cells(content.encode()) == [(2, "张三", "一,\n二"), (5, '李"四', "x"), (6, "王五", "a")]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_a_short_file_with_every_cell_in_quotes_is_read(delimiter):
    content = f'"姓名"{delimiter}"备注"\r\n"张三"{delimiter}"a{delimiter}b"\r\n'
    assert cells(content.encode()) == [(2, "张三", f"a{delimiter}b")]


def test_a_quote_inside_an_unquoted_cell_is_a_character():
    assert cells('姓名,备注\n张三,5"屏\n李四,x\n'.encode()) == [(2, "张三", '5"屏'), (3, "李四", "x")]


def test_a_quote_that_is_never_closed_costs_one_row():
    frame = read('姓名,备注\n张三,"x\n李四,y\n王五,"z"\n赵六,w\n'.encode())
    assert frame.select("line", "name", "broken", "broken_extra").rows() == [
        (2, None, "COLUMN_COUNT", "0/2"),
        (3, "李四", None, None),
        (4, "王五", None, None),
        (5, "赵六", None, None),
    ]


def test_rows_between_two_stray_quotes_are_never_swallowed_as_one_cell():
    rows = [",".join(row) for row in people(5)]
    stray = f'{"x," * 12}"x'
    frame = read("\n".join([",".join(HEADERS), stray, *rows[:3], '",y"', *rows[3:]]).encode(), COLUMNS)
    assert frame.select("line", "broken").rows() == [
        (2, "COLUMN_COUNT"), (3, None), (4, None), (5, None), (6, "COLUMN_COUNT"), (7, None), (8, None),
    ]  # fmt: skip


def test_ragged_rows_are_kept_raw_and_the_others_go_on():
    frame = read('姓名,备注\n张三,a,b\n李四\n王五,"c"\n'.encode())
    assert frame.select("line", "name", "raw", "broken", "broken_extra").rows() == [
        (2, None, "张三,a,b", "COLUMN_COUNT", "3/2"),
        (3, None, "李四", "COLUMN_COUNT", "1/2"),
        (4, "王五", '王五,"c"', None, None),
    ]


def test_empty_cells_beyond_the_last_heading_are_no_raggedness():
    assert cells("姓名,备注,,\n张三,a,,\n李四,b\n王五,,,\n".encode()) == [
        (2, "张三", "a"),
        (3, "李四", "b"),
        (4, "王五", None),
    ]


def test_blank_rows_count_as_lines_only():
    assert cells("姓名,备注\n\n张三,a\n,,\n , \n李四,b".encode()) == [(3, "张三", "a"), (6, "李四", "b")]


def test_titles_above_the_header_are_passed_over():
    table = open_table(io.BytesIO("河源市名单\n2026年,\n姓 名*,备注\n张三,a\n".encode()), TWO)
    assert table.sheets[""].header_line == 3
    assert [row for chunk in table.chunks() for row in chunk.frame.select("line", "name").rows()] == [(4, "张三")]


def test_unknown_columns_warn_and_stay_in_the_raw_row():
    table = open_table(io.BytesIO('序号,姓名,绰号\n1,张三,"a,b"\n'.encode()), TWO)
    assert [str(finding) for finding in table.findings] == [
        "不认识的列：序号、绰号，该列不会导入，原文保留；如需要请把表头改为模板中的名称后重新上传"
    ]
    (chunk,) = table.chunks()
    assert raw_cells(chunk.frame["raw"][0], table.sheets[""]) == ["1", "张三", "a,b"]
    assert chunk.frame["note"].to_list() == [None]


def test_an_alias_maps_a_heading_for_one_reading():
    frame = read("户主,备注\n张三,a\n".encode(), aliases={"户主": "name"})
    assert frame["name"].to_list() == ["张三"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "文件是空的，请检查后重新上传"),
        (b"\xef\xbb\xbf\r\n", "文件是空的，请检查后重新上传"),
        ("姓名,备注\r\n".encode(), "只有表头，没有数据，请填写数据后重新上传"),
        ("备注\n张三\n".encode(), "缺少必需的列：姓名，请补上，或把对应的表头改为模板中的名称后重新上传"),
        ("姓名,姓 名\n张三,李四\n".encode(), "表头重复：姓名，请只保留一列"),
        (b"%PDF-1.7 ...", "这不是可以读取的表格（PDF），请在Excel或WPS中另存为.xlsx或CSV后重新上传"),
        (b"<html><table>", "这不是可以读取的表格（HTML/XML），请在Excel或WPS中另存为.xlsx或CSV后重新上传"),
        (b"a\x00b,c\n", "这不是可以读取的表格（NUL），请在Excel或WPS中另存为.xlsx或CSV后重新上传"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(content, sentence):
    assert refused(content) == sentence


def test_one_damaged_byte_names_its_place_and_never_turns_utf_8_into_gb18030():
    content = "姓名,备注\n张三,a\n李".encode() + b"\xff" + "四,b\n".encode()
    assert refused(content) == "有无法识别的文字（行：字节 3:26），请另存为“CSV UTF-8”或.xlsx后重新上传"
    assert refused("\ufeff姓名,备注\n".encode() + b"\xff\n").startswith("有无法识别的文字（行：字节 2:17）")
    assert refused("姓名,备注\n张三,".encode("gb18030") + b"\xff\n").startswith("有无法识别的文字（行：字节 2:")


def test_a_name_that_promises_another_kind_is_refused():
    assert refused("姓名\n张三\n".encode(), name="名单.xlsx").startswith("这不是可以读取的表格（.xlsx ≠ CSV）")
    assert sniff(io.BytesIO("姓名\n张三\n".encode()), name="名单.TXT") is Kind.CSV


def test_too_many_rows_are_refused():
    assert refused("姓名\na\nb\nc\n".encode(), limits=Limits(rows=2)) == "行数超过上限（2），请拆成几个文件上传"


def test_a_line_without_end_is_refused_instead_of_filling_memory():
    content = "姓名\n".encode() + b"x" * 9_000_000
    assert refused(content, limits=Limits(record=1_000)) == "文件已损坏，无法打开，请在Excel或WPS中打开并另存后重新上传"


def test_chunks_are_the_same_whatever_chunk_the_reading_starts_with():
    source = csv_file(people(1_000))
    all_chunks = list(read_chunks(source, COLUMNS, rows_per_chunk=150))
    later = list(read_chunks(source, COLUMNS, rows_per_chunk=150, start_chunk=4))
    assert [chunk.number for chunk in later] == [chunk.number for chunk in all_chunks[4:]]
    assert all(mine.frame.equals(theirs.frame) for mine, theirs in zip(later, all_chunks[4:], strict=True))
    assert all_chunks[-1].done == all_chunks[-1].total


TEXT = st.text(st.sampled_from('ab张,;"\n \t·'), max_size=6)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=30))
def test_whatever_is_written_by_the_book_is_read_back(rows):
    columns = [Column(key, key, required=True) for key in ("one", "two", "three")]
    lines = ["one,two,three", *(join_raw(list(row), ",") for row in rows)]
    content = ("\n".join(lines) + "\n").encode()
    expected = [tuple(cell or None for cell in row) for row in rows if any(cell.strip(' ",\t\n') for cell in row)]
    try:
        frame = read(content, columns)
    except FileRefused as error:
        assert error.code == "NO_ROWS"
        assert expected == []
        return
    assert frame.filter(pl.col("broken").is_null()).select("one", "two", "three").rows() == expected


LINE = st.text(st.sampled_from('ab张,,,,"\r \t\u3000;'), max_size=14)
PLAIN_LINE = st.tuples(*[st.text(st.sampled_from("ab张 \u3000"), max_size=3)] * 5).map(",".join)
QUOTED_LINE = st.tuples(*[st.text(st.sampled_from('ab张,"'), max_size=3)] * 5).map(lambda row: join_raw(row, ","))


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(st.one_of(PLAIN_LINE, PLAIN_LINE, QUOTED_LINE, LINE), max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    extra=st.sampled_from(["", ",", ",,"]),
    block=st.sampled_from([48, 8 * 1024**2]),
)
@example(lines=[";\r,"], end="\n", extra="", block=48)
def test_the_short_way_through_a_plain_text_gives_what_the_long_way_gives(lines, end, extra, block):
    columns = [Column(key, key, required=key == "one") for key in ("one", "two", "three")]
    content = end.join([f"one,two,three{extra}", *lines, ""]).encode()

    def outcome():
        try:
            return read(content, columns, rows_per_chunk=4)
        except FileRefused as error:
            return [str(finding) for finding in error.findings]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("intake.readers.text._BLOCK", block)
        short = outcome()
        patch.setattr("intake.readers.text._plain_cells", lambda *_: None)
        long = outcome()
    assert short.equals(long) if isinstance(short, pl.DataFrame) else short == long


def test_a_plain_block_takes_the_short_way(monkeypatch):
    monkeypatch.setattr("intake.readers.text._Grammar.split", None)
    monkeypatch.setattr("intake.readers.csv_file.read_head", lambda *_: pl.DataFrame({"raw": [",".join(HEADERS)], "line": [1]}))
    for written in (csv_file(people(50)), csv_file([[f'"{cell}"' for cell in row] for row in people(50)])):
        assert sum(len(chunk.frame) for chunk in read_chunks(written, COLUMNS)) == len(people(50))


def test_lines_across_block_borders_stay_whole(monkeypatch):
    monkeypatch.setattr("intake.readers.text._BLOCK", 64)
    rows = [[f"张三{number}", f'"第{number}\n行,{"长" * (number % 40)}"'] for number in range(200)]
    content = "\n".join(["姓名,备注", *(",".join(row) for row in rows)]).encode()
    assert cells(content) == [(2 * number + 2, row[0], row[1].strip('"')) for number, row in enumerate(rows)]


def test_memory_follows_the_chunk_and_not_the_file(tmp_path):
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        line = ",".join(GOOD) + "\r\n"
        path.write_text(",".join(HEADERS) + "\r\n" + line * count, encoding="utf-8")
        tracemalloc.start()
        seen = sum(len(chunk.frame) for chunk in read_chunks(path, COLUMNS, rows_per_chunk=5_000))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == count
        return top

    assert peak(200_000) < 2 * peak(60_000)
