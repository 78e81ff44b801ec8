"""Files as Excel opens them: formulas, codes, money, days, headings; workbooks of several pieces and several sheets."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from exports import formats
from exports.columns import Cell, Column
from exports.formats import Piece, csv_piece, file_of, sheet_piece

HEADINGS = ("凭证号", "姓名", "保费", "人数", "生效日", "时间")
COLUMNS = [Column(name, name, lambda row: row, width=16) for name in HEADINGS]
ROW: list[Cell] = [
    "441602001001", "李*", Decimal("99.00"), 12, date(2026, 1, 31), datetime(2026, 1, 31, 8, 5, 9),  # noqa: DTZ001
]


def as_csv(rows: Sequence[Sequence[Cell]], columns: Sequence[Column] = COLUMNS) -> list[list[str]]:
    content = csv_piece(columns, rows, first=True)
    assert content[:3] == b"\xef\xbb\xbf"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def book_of(chunks: Sequence[Sequence[Sequence[Cell]]], columns: Sequence[Column] = COLUMNS) -> tuple[bytes, list[Piece]]:
    """A workbook of one sheet, each chunk packed by itself."""
    pieces: list[Piece] = []
    row, crc = 1, 0
    for chunk in chunks:
        packed, plain, crc = sheet_piece(columns, chunk, row=row, crc=crc)
        pieces.append(Piece(1, len(chunk), plain, crc, len(packed), lambda packed=packed: (packed,)))
        row = 2 + sum(piece.rows for piece in pieces)
    return b"".join(file_of("xlsx", pieces, title="投保/记录")), pieces


def test_a_csv_file_says_it_is_utf_8_and_keeps_numbers_and_days_plain() -> None:
    assert as_csv([ROW]) == [
        list(HEADINGS), ["'441602001001", "李*", "99.00", "12", "2026-01-31", "2026-01-31 08:05:09"]
    ]


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"])
def test_a_text_that_a_spreadsheet_would_calculate_gets_an_apostrophe(text: str) -> None:
    column = [Column("a", "甲", lambda row: row)]
    assert as_csv([[text]], column)[1] == ["'" + text]


def test_a_negative_amount_is_no_formula() -> None:
    column = [Column("a", "甲", lambda row: row)]
    assert as_csv([[Decimal("-12.50")], [Decimal("0.1")], [-3]], column)[1:] == [["-12.50"], ["0.10"], ["-3"]]


@pytest.mark.parametrize("code", ["441602001001", "0012", "1E5", "2026-07", "3/4", "11010119900307123400"])
def test_a_code_that_excel_would_change_stays_text(code: str) -> None:
    column = [Column("a", "甲", lambda row: row)]
    assert as_csv([[code]], column)[1] == ["'" + code]


@pytest.mark.parametrize("code", ["441602", "2026", "0", "HY-2026-0001", "4416**********1219", "A1E5", "低保"])
def test_a_text_that_excel_leaves_alone_is_left_alone(code: str) -> None:
    column = [Column("a", "甲", lambda row: row)]
    assert as_csv([[code]], column)[1] == [code]


def test_a_workbook_has_real_numbers_and_days_codes_as_text_and_a_heading_that_stays() -> None:
    content, _pieces = book_of([[ROW]])
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet.title == "投保_记录" and sheet.freeze_panes == "A2"
    heading, line = sheet[1], sheet[2]
    assert [cell.value for cell in heading] == list(HEADINGS) and all(cell.font.b for cell in heading)
    assert [cell.value for cell in line] == [
        "441602001001", "李*", 99, 12, datetime(2026, 1, 31), datetime(2026, 1, 31, 8, 5, 9)  # noqa: DTZ001
    ]
    assert [cell.data_type for cell in line] == ["s", "s", "n", "n", "d", "d"]
    assert [cell.number_format for cell in line] == [
        "@", "@", "#,##0.00", "#,##0", "yyyy\\-mm\\-dd", "yyyy\\-mm\\-dd\\ hh:mm:ss"
    ]
    assert sheet.column_dimensions["A"].width == 16


def test_a_formula_in_a_workbook_is_text_for_good() -> None:
    column = [Column("a", "甲", lambda row: row)]
    sheet = load_workbook(io.BytesIO(book_of([[["=HYPERLINK(1)"], ["＝1"], ["平常"]]], column)[0])).active
    assert [(cell.value, cell.data_type, cell.quotePrefix) for (cell,) in sheet["A2:A4"]] == [
        ("=HYPERLINK(1)", "s", True), ("＝1", "s", True), ("平常", "s", False)
    ]


def test_what_a_workbook_cannot_hold_is_left_out_or_kept_as_text() -> None:
    column = [Column("a", "甲", lambda row: row)]
    rows: list[list[Cell]] = [["a\x00b\x0bc"], ["<&>"], [10**16], [date(1899, 5, 1)], ["\ud800x"], ["𠮷"]]
    sheet = load_workbook(io.BytesIO(book_of([rows], column)[0])).active
    assert [cell.value for (cell,) in sheet["A2:A7"]] == ["abc", "<&>", "10000000000000000", "1899-05-01", "x", "𠮷"]


def test_pieces_strung_together_are_one_sheet_whatever_the_steps() -> None:
    rows = [[f"{number:012d}", "张**", Decimal(number), number, date(2026, 1, 1), ""] for number in range(1, 101)]
    whole, _pieces = book_of([rows])
    for size in (1, 7, 100):
        content, pieces = book_of([rows[at : at + size] for at in range(0, 100, size)])
        with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(io.BytesIO(whole)) as other:
            assert archive.testzip() is None
            assert archive.namelist() == other.namelist()
            assert all(archive.read(name) == other.read(name) for name in archive.namelist())
        assert sum(piece.rows for piece in pieces) == 100


def test_a_second_sheet_has_its_own_heading_and_number() -> None:
    pieces = []
    for number in (1, 2):
        packed, plain, crc = sheet_piece(COLUMNS, [ROW] * number, row=1, crc=0)
        pieces.append(Piece(number, number, plain, crc, len(packed), lambda packed=packed: (packed,)))
    book = load_workbook(io.BytesIO(b"".join(file_of("xlsx", pieces, title="投保记录"))))
    assert book.sheetnames == ["投保记录 1", "投保记录 2"]
    assert [sheet.max_row for sheet in book] == [2, 3]
    assert all(sheet["A1"].value == "凭证号" for sheet in book)


def test_a_file_beyond_four_gigabytes_says_so_in_its_directory() -> None:
    """Sizes and places of 64 bits stand behind each entry (APPNOTE 4.5.3)."""
    entry: Any = formats._Entry("a", 1, 5 << 30, 6 << 30, 7 << 30)
    assert entry.head()[-20:] == b"\x01\x00\x10\x00" + (6 << 30).to_bytes(8, "little") + (5 << 30).to_bytes(8, "little")
    assert entry.listed()[-28:] == b"\x01\x00\x18\x00" + b"".join(
        (number << 30).to_bytes(8, "little") for number in (6, 5, 7)
    )
    assert formats._end(3, 10, 5 << 30)[:4] == b"PK\x06\x06" and len(formats._end(3, 10, 100)) == 22
