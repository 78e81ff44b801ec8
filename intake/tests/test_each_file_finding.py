"""One file for each finding about a file: the code itself, whatever its sentence says. A code without a file fails here."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from intake.columns import Column
from intake.findings import FILE_MEANINGS
from intake.readers import FileRefused, Limits, Several, open_table
from intake.tests.plain_layout import HEADERS, good_row, people, rewritten, workbook
from intake.tests.test_readers_xlsx import zipped

COLUMNS = (
    Column("head", "户主", fill_down=True), Column("name", "姓名", required=True), Column("document", "证件号码", required=True),
)
#: Actions that are refused, and no findings of a file: the tests that produce them.
REFUSED_ACTIONS = {
    "ALREADY_IMPORTED": "beneficiaries/tests/test_mending.py", "BUDGET": "beneficiaries/tests/test_approval_by_priority.py",
}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504
HEAD = "户主,姓名,证件号码\n"
GOOD = "张三,张三,441602196203151219\n"


def text(*lines: str, coding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO("".join(lines).encode(coding))


def book(**sheets: list[list[Any]]) -> io.BytesIO:
    return workbook(sheets)


ROWS = [["户主", "姓名", "证件号码"], ["张三", "张三", "441602196203151219"]]


def merged() -> io.BytesIO:
    stream = book(S=[*ROWS, ["", "李四", "44162519951102042X"]])
    places = b'</sheetData><mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
    return rewritten(stream, "xl/worksheets/sheet1.xml", b"</sheetData>", places)


def hidden() -> io.BytesIO:
    stream = book(S=ROWS, T=ROWS)
    return rewritten(stream, "xl/workbook.xml", b'name="T" sheetId="2" state="visible"', b'name="T" sheetId="2" state="hidden"')


def damaged() -> io.BytesIO:
    whole = book(S=ROWS).getvalue()
    return io.BytesIO(whole[: len(whole) // 2])


def formula() -> io.BytesIO:
    return book(S=[ROWS[0], ["=1+1", "张三", "441602196203151219"]])


Made = Callable[[], io.BytesIO]
#: Code -> the file, and how it is opened.
FILES: dict[str, tuple[Made, dict[str, Any]]] = {
    "EMPTY": (lambda: text("\r\n \r\n"), {}),
    "NO_ROWS": (lambda: text(HEAD), {}),
    "TYPE_MISMATCH": (lambda: io.BytesIO(b"%PDF-1.7 x"), {}),
    "MACRO_REFUSED": (lambda: zipped(xl__workbook_dot_xml=b"", xl__vbaProject_dot_bin=b"x"), {}),
    "ENCRYPTED": (lambda: io.BytesIO(OLE + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 100), {}),
    "FILE_DAMAGED": (damaged, {}),
    "TOO_BIG_UNPACKED": (lambda: zipped(xl__workbook_dot_xml=b"", xl__a=b"0" * 40_000_000), {}),
    "XML_REFUSED": (
        lambda: rewritten(
            book(S=ROWS), "xl/worksheets/sheet1.xml", b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'
        ),
        {},
    ),
    "SPLIT_FILE": (lambda: text(HEAD, GOOD * 3), {"limits": Limits(rows=2)}),
    "CHOOSE_SHEET": (lambda: book(S=ROWS, T=ROWS), {"several": Several.ASK}),
    "SHEET_HIDDEN": (hidden, {}),
    "SHEET_SKIPPED": (lambda: book(S=ROWS, T=[["说明", "见上"], ["谢谢", "配合"]]), {}),
    "FILLED_DOWN": (merged, {}),
    "TOTAL_ROWS": (lambda: text(HEAD, GOOD, "合计,1人,\n"), {}),
    "NOTE_ROWS": (lambda: text(HEAD, GOOD, "填表人:王五,,\n"), {}),
    "HEADER_REPEATED": (lambda: text(HEAD, GOOD, HEAD), {}),
    "ENCODING": (lambda: io.BytesIO((HEAD + GOOD).encode() + b"\xff\xff\n"), {}),
    "HEADER_MISSING": (lambda: text("户主,姓名\n张三,张三\n"), {}),
    "HEADER_TWICE": (lambda: text("姓名,姓名,证件号码\na,b,441602196203151219\n"), {}),
    "HEADER_UNKNOWN": (lambda: text("姓名,备忘,证件号码\n张三,x,441602196203151219\n"), {}),
    "FORMULA_VALUE": (formula, {}),
}


def codes_of(stream: io.BytesIO, **how: Any) -> list[str]:
    """What is found about a file, refused or read to its end."""
    try:
        with closing(open_table(stream, COLUMNS, **how)) as table:
            for _chunk in table.chunks():
                pass
            return [finding.code for finding in table.findings]
    except FileRefused as refused:
        return [finding.code for finding in refused.findings]


@pytest.mark.parametrize("code", sorted(FILES))
def test_a_file_that_asks_for_a_finding_gets_that_one_and_no_other(code: str) -> None:
    made, how = FILES[code]
    assert codes_of(made(), **how) == [code]


def test_each_finding_about_a_file_has_its_file() -> None:
    assert {meaning.code for meaning in FILE_MEANINGS} == FILES.keys() | REFUSED_ACTIONS.keys()


def test_a_plain_file_gets_none() -> None:
    assert codes_of(text(HEAD, GOOD)) == []
    assert len(HEADERS) == len(good_row()) == len(people(1)[0])
