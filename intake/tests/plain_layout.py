"""The plain roster layout and made-up people for it, as the tests of intake need them."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Sequence
from datetime import date

import polars as pl
from openpyxl import Workbook

from intake.checks import Context
from intake.columns import Column

COLUMNS = (
    Column("name", "姓名", ("家庭成员姓名",), required=True, clean="name", personal="name", example="王小明"),
    Column("document_type", "证件类型", clean="document_type", choices=("居民身份证", "护照")),
    Column(
        "document",
        "证件号码",
        ("身份证号", "身份证号码"),
        required=True,
        clean="document",
        personal="document",
        companions={"type": "document_type", "birth": "birth_on", "sex": "sex"},
        help="18位,设为文本",
        example="441602196203151219",
    ),
    Column("sex", "性别", clean="sex", choices=("男", "女")),
    Column("birth_on", "出生日期", ("出生年月",), clean="birth"),
    Column("region_code", "户籍地区代码", ("户籍所在地代码",), required=True, clean="region"),
    Column("address", "详细住址", ("现住址",), personal="address", max_length=100),
    Column("categories", "困难类别", required=True, clean="categories", choices=("低保对象", "特困人员")),
    Column("phone", "联系电话", ("手机号",), clean="phone", personal="phone"),
    Column("bank_name", "开户银行"),
    Column("bank_account", "银行账号", clean="card", personal="card"),
    Column("guardian_name", "监护人姓名", clean="name", personal="name"),
    Column("guardian_document", "监护人证件号码", clean="document", personal="document"),
)
HEADERS = [str(column.label) for column in COLUMNS]
POSITION = {column.key: position for position, column in enumerate(COLUMNS)}
TODAY = date(2026, 1, 1)

_CODES = ("44", "4416", "441602", "441621", "441602001", "441602001001", "4417", "441702", "4510", "451002", "451081")
REGIONS = pl.DataFrame(
    {
        "code": [*_CODES, "451025", "441600999"],
        "successor": [*([None] * len(_CODES)), "451081", ""],
    },
    schema={"code": pl.String, "successor": pl.String},
)
CONTEXT = Context(
    today=TODAY,
    regions=REGIONS,
    prefixes=("4416", "4510"),
    categories={"低保对象": "dibao", "低保户": "dibao", "特困人员": "tekun", "孤儿": "guer", "低保对象(城市)": "dibao"},
)
GOOD = ("王小明", "居民身份证", "441602196203151219", "男", "1962-03-15", "441602001001", "东埔街道8号", "低保对象",
        "13800138000", "中国农业银行", "6228480000000000000", "", "")  # fmt: skip

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def with_check(body: str) -> str:
    """17 digits and the character that GB 11643 appends."""
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def good_row(**cells: str) -> list[str]:
    row = list(GOOD)
    for key, cell in cells.items():
        row[POSITION[key]] = cell
    return row


def people(count: int, seed: int = 1) -> list[list[str]]:
    """Rows without a fault, no two with one document."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        birth = date(1940 + number % 70, chance.randint(1, 12), chance.randint(1, 28))
        document = with_check(f"441602{birth:%Y%m%d}{number // 70 % 999 + 1:03d}")
        if document.endswith("000"):
            continue
        sex = "男" if int(document[16]) % 2 else "女"
        rows.append(good_row(name="王" + chance.choice("伟芳娜敏静"), document=document, sex=sex, birth_on=f"{birth}"))
    return rows


def csv_file(rows: Sequence[Sequence[str]], **how: str) -> io.BytesIO:
    lines = how.get("eol", "\r\n")
    text = lines.join(how.get("delimiter", ",").join(row) for row in [HEADERS, *rows]) + lines
    return io.BytesIO(text.encode(how.get("coding", "utf-8")))


def workbook(sheets: dict[str, Sequence[Sequence[object]]]) -> io.BytesIO:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream


def rewritten(stream: io.BytesIO, part: str, old: bytes, new: bytes) -> io.BytesIO:
    """The workbook with one part's text changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(stream) as given, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in given.infolist():
            content = given.read(entry)
            made.writestr(entry.filename, content.replace(old, new) if entry.filename == part else content)
    return target


def frame_of(*rows: Sequence[str]) -> pl.DataFrame:
    """Rows as a reader gives them, at lines 2, 3, ..."""
    cells = {key: [row[position] or None for row in rows] for key, position in POSITION.items()}
    frame = pl.DataFrame(cells, schema=dict.fromkeys(POSITION, pl.String))
    return frame.with_columns(
        line=pl.int_range(2, len(rows) + 2, dtype=pl.Int32),
        sheet=pl.lit(""),
        raw=pl.lit(""),
        broken=pl.lit(None, dtype=pl.String),
        broken_extra=pl.lit(None, dtype=pl.String),
    )
