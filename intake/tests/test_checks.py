"""Every check as a table of cells: what is kept, what is repaired, what is refused and with which code."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.checks import Checked, Context, DuplicateFinder, check, refuse_duplicates
from intake.columns import Column
from intake.tests.plain_layout import COLUMNS, CONTEXT, REGIONS, TODAY, frame_of, good_row, people, with_check


def outcome(key: str, cell: str, **others: str) -> tuple[object, list[tuple[str, str]]]:
    """The cleaned cell, and (column, code) of everything found in its row."""
    checked = check(frame_of(good_row(**{key: cell}, **others)), COLUMNS, CONTEXT)
    value = checked.frame[key][0]
    return (value.to_list() if isinstance(value, pl.Series) else value), checked.findings.select(
        "column", "code"
    ).rows()


def single(column: Column, *cells: str | None) -> Checked:
    frame = pl.DataFrame({column.key: cells}, schema={column.key: pl.String})
    places = frame.with_columns(line=pl.int_range(1, len(cells) + 1, dtype=pl.Int32), sheet=pl.lit(""))
    return check(places, [column], CONTEXT)


def test_a_good_row_has_no_finding_and_every_cell_clean():
    checked = check(frame_of(good_row()), COLUMNS, CONTEXT)
    assert checked.findings.is_empty()
    assert checked.frame.drop("raw").row(0, named=True) == {
        "row": 0, "sheet": "", "line": 2, "name": "王小明", "document_type": "resident_id",
        "document": "441602196203151219", "sex": "male", "birth_on": date(1962, 3, 15), "region_code": "441602001001",
        "address": "东埔街道8号", "categories": ["dibao"], "phone": "13800138000", "bank_name": "中国农业银行",
        "bank_account": "6228480000000000000", "guardian_name": None, "guardian_document": None, "worst": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "name", "codes"),
    [
        ("欧阳娜娜", "欧阳娜娜", []),
        ("𠮷喆㐂", "𠮷喆㐂", []),
        ("\ue000明", "\ue000明", []),
        ("O'Brien-Smith Jr.", "O'Brien-Smith Jr.", []),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提", []),
        *(
            (f"阿卜杜拉{dot}买买提", "阿卜杜拉·买买提", ["TEXT_NORMALISED"])
            for dot in "\u2022\u2027\u30fb\uff65.\uff0e"
        ),
        (" 王\u3000小 明\u200b", "王小明", ["TEXT_NORMALISED"]),
        ("'王小明", "王小明", ["TEXT_NORMALISED"]),
        ("\uff2aohn\u00a0Smith", "John Smith", ["TEXT_NORMALISED"]),
        ("王", None, ["NAME_SHORT"]),
        ("王" * 30, "王" * 30, []),
        ("王" * 31, None, ["NAME_LONG"]),
        ("王小3", None, ["NAME_CHARS"]),
        ("王\x07明", None, ["CONTROL_CHAR"]),
        ("", None, ["NAME_EMPTY"]),
        (" \u3000", None, ["NAME_EMPTY"]),
    ],
)
def test_name(cell, name, codes):
    assert outcome("name", cell) == (name, [("name", code) for code in codes])


ID = "441602196203151219"
WIDE = str.maketrans({character: chr(ord(character) + 0xFEE0) for character in "0123456789Xx"})


@pytest.mark.parametrize(
    ("cell", "document", "codes"),
    [
        ("44162519951102042x", "44162519951102042X", ["TEXT_NORMALISED"]),
        (ID.translate(WIDE), ID, ["TEXT_NORMALISED"]),
        (f"'{ID}", ID, ["TEXT_NORMALISED"]),
        (f"\t{ID[:6]} {ID[6:14]}\u00a0{ID[14:]}\u200b", ID, ["TEXT_NORMALISED"]),
        ("441602620315121", ID, ["ID_15"]),
        ("\x1aN441602196203151219", None, ["ID_NUMERIC"]),
        ("441602196203151000", None, ["ID_NUMERIC"]),
        ("4.41602E+17", None, ["ID_SCIENTIFIC"]),
        ("4.41602196203151e+17", None, ["ID_SCIENTIFIC"]),
        ("44160219620315121", None, ["ID_LENGTH"]),
        ("4416021962031512199", None, ["ID_LENGTH"]),
        ("441602196203151218", None, ["ID_CHECKSUM"]),
        (with_check("44160219620230121"), None, ["ID_DATE"]),
        (with_check("44160220260102121"), None, ["ID_FUTURE"]),
        ("E12345678", None, ["DOC_TYPE"]),
        ("44160219620315121Y", None, ["DOC_TYPE"]),
        ("\u0664" * 18, None, ["DOC_TYPE"]),
        ("\x1aF441602196203151219", None, ["FORMULA_REFUSED"]),
        ("44160219620315\x071219", None, ["CONTROL_CHAR"]),
        ("", None, ["CELL_EMPTY"]),
    ],
)
def test_document(cell, document, codes):
    found = outcome("document", cell, sex="", birth_on="")
    assert found == (document, [("document", code) for code in codes])


@pytest.mark.parametrize(
    ("document", "birth", "sex"),
    [
        ("441602196203151219", date(1962, 3, 15), "male"),
        ("44162519951102042X", date(1995, 11, 2), "female"),
        ("441704201806010337", date(2018, 6, 1), "male"),
        ("451002201202290033", date(2012, 2, 29), "male"),
        ("810000199408230021", date(1994, 8, 23), "female"),
        ("830000199201300022", date(1992, 1, 30), "female"),
        (with_check("91112319990101001"), date(1999, 1, 1), "male"),
    ],
)
def test_birth_and_sex_come_from_the_document_when_their_cells_are_empty(document, birth, sex):
    checked = check(frame_of(good_row(document=document, sex="", birth_on="")), COLUMNS, CONTEXT)
    assert checked.findings.is_empty()
    assert checked.frame.select("birth_on", "sex").row(0) == (birth, sex)


def test_a_number_that_ends_in_000_and_fits_waits_for_a_person():
    number = next(
        text for text in (with_check(f"44160219620315{n:02d}0") for n in range(100)) if text.endswith("000")
    )
    checked = check(frame_of(good_row(document=number, sex="", birth_on="")), COLUMNS, CONTEXT)
    assert checked.findings.select("code", "severity").rows() == [("ID_ROUNDED", "doubt")]
    assert checked.frame["document"].to_list() == [number]
    assert checked.frame["worst"].to_list() == [3]


@pytest.mark.parametrize(
    ("kind", "number", "code", "document", "findings"),
    [
        ("", ID, "resident_id", ID, []),
        ("身份证", ID, "resident_id", ID, []),
        ("港澳居民居住证", "810000199408230021", "hk_macao_residence", "810000199408230021", []),
        ("台湾居民居住证", "830000199201300022", "taiwan_residence", "830000199201300022", []),
        ("外国人永久居留身份证", "CHN310123456789", "foreign_permanent", "CHN310123456789", []),
        ("护照", "e12345678", "passport", "E12345678", [("document", "TEXT_NORMALISED")]),
        ("护照", "E1!", "passport", None, [("document", "DOC_FORMAT")]),
        ("回乡证", "H0123456789", "hk_macao_permit", "H0123456789", []),
        ("台胞证", "01234567", "taiwan_permit", "01234567", []),
        ("其他", "A-1234", "other", "A-1234", []),
        ("其他", "\x1aN1234567890123456", "other", None, [("document", "ID_NUMERIC")]),
        ("护 照", "E12345678", "passport", "E12345678", []),
        ("驾驶证", ID, "resident_id", ID, [("document_type", "DOC_TYPE_UNKNOWN")]),
    ],
)
def test_document_of_another_type_has_its_own_rule(kind, number, code, document, findings):
    checked = check(frame_of(good_row(document_type=kind, document=number, sex="", birth_on="")), COLUMNS, CONTEXT)
    assert checked.frame.select("document_type", "document").row(0) == (code, document)
    assert checked.findings.select("column", "code").rows() == findings


def scalar_verdict(number: str) -> str | None:
    """The rule for 18 ASCII characters, one character at a time."""
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "ID_DATE"
    if birth > TODAY:
        return "ID_FUTURE"
    fits = with_check(number[:17]) == number
    if number.endswith("000"):
        return "ID_ROUNDED" if fits else "ID_NUMERIC"
    return None if fits else "ID_CHECKSUM"


DIGITS = st.text("0123456789", min_size=3, max_size=3)
NUMBERS = st.builds(
    lambda year, month, day, order, last: f"441602{year}{month:02d}{day:02d}{order}{last}",
    st.integers(1900, 2030), st.integers(0, 13), st.integers(0, 32), DIGITS, st.sampled_from("0123456789X"),
)  # fmt: skip
RIGHT = NUMBERS.map(lambda number: with_check(number[:17]))


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS | RIGHT, min_size=1, max_size=60))
def test_document_columns_agree_with_the_rule_character_by_character(numbers):
    checked = single(Column("document", "证件号码", clean="document"), *numbers)
    found = dict(checked.findings.select("row", "code").rows())
    assert [found.get(row) for row in range(len(numbers))] == [scalar_verdict(number) for number in numbers]


@pytest.mark.parametrize(
    ("cell", "sex", "codes"),
    [
        ("男性", "male", []),
        ("1", "male", []),
        ("M", "male", []),
        (" 男 ", "male", []),
        ("", "male", []),
        ("女", "female", ["ID_MISMATCH"]),
        ("2", "female", ["ID_MISMATCH"]),
        ("未知", "male", ["SEX_UNKNOWN"]),
    ],
)
def test_sex(cell, sex, codes):
    assert outcome("sex", cell) == (sex, [("sex", code) for code in codes])


@pytest.mark.parametrize(
    "cell",
    ["1962-03-15", "19620315", "1962.3.15", "1962/3/15", "1962年3月15日", "1962年03月15日", "22720",
     "1962-03-15 00:00:00",
     "\uff11\uff19\uff16\uff12.3.15", "1962-03", "196203", "1962年3月", "1962.3", ""],
)  # fmt: skip
def test_birth_in_every_writing_agrees_with_the_document(cell):
    assert outcome("birth_on", cell) == (date(1962, 3, 15), [])


@pytest.mark.parametrize(
    ("cell", "code"),
    [("1962-03-16", "ID_MISMATCH"), ("1962-04", "ID_MISMATCH"), ("1962-02-30", "DATE_FORMAT"), ("不详", "DATE_FORMAT")],
)
def test_birth_that_is_wrong(cell, code):
    assert outcome("birth_on", cell)[1] == [("birth_on", code)]


def test_birth_in_the_future():
    found = outcome("birth_on", "2026-01-02", document_type="护照", document="E12345678")
    assert found == (date(2026, 1, 2), [("birth_on", "DATE_FUTURE")])


@pytest.mark.parametrize(
    ("cell", "region", "codes"),
    [
        ("441602", "441602", []),
        ("441602001001", "441602001001", []),
        ("441602000000", "441602", []),
        ("441602001000", "441602001", []),
        ("\uff14\uff1441602".replace("41602", "1602"), "441602", []),
        ("451002103204", "451002", []),
        ("451025", "451081", ["REGION_RETIRED"]),
        ("451025001", "451081", ["REGION_RETIRED"]),
        ("441600999", None, ["REGION_ENDED"]),
        ("441602009", None, ["REGION_UNKNOWN"]),
        ("441602001099", None, ["REGION_UNKNOWN"]),
        ("4416", None, ["REGION_UNKNOWN"]),
        ("999999", None, ["REGION_UNKNOWN"]),
        ("源城区", None, ["REGION_UNKNOWN"]),
        ("441702", "441702", ["OUT_OF_SCOPE"]),
        ("", None, ["CELL_EMPTY"]),
    ],
)
def test_region(cell, region, codes):
    assert outcome("region_code", cell) == (region, [("region_code", code) for code in codes])


def test_retired_region_names_its_heir_and_nobody_writes_without_a_prefix():
    checked = check(frame_of(good_row(region_code="451025")), COLUMNS, CONTEXT)
    assert checked.findings.select("code", "severity", "extra", "value_masked").rows() == [
        ("REGION_RETIRED", "warning", "451081", "451025")
    ]
    nowhere = Context(today=TODAY, regions=REGIONS, prefixes=(), categories=CONTEXT.categories)
    assert check(frame_of(good_row()), COLUMNS, nowhere).findings["code"].to_list() == ["OUT_OF_SCOPE"]


@pytest.mark.parametrize(
    ("cell", "codes", "unknown"),
    [
        ("低保户", ["dibao"], None),
        ("低保对象、孤儿", ["dibao", "guer"], None),
        ("孤儿,低保户;低保对象/特困人员", ["guer", "dibao", "tekun"], None),
        ("孤儿\uff0c特困人员\uff1b", ["guer", "tekun"], None),
        (" 低保 户 ", ["dibao"], None),
        ("低保对象\uff08城市\uff09", ["dibao"], None),
        ("低保户、特困", None, "特困"),
        ("残疾、孤儿、特困", None, "残疾、特困"),
        ("441602196203151219", None, "****"),
    ],
)
def test_categories(cell, codes, unknown):
    checked = check(frame_of(good_row(categories=cell)), COLUMNS, CONTEXT)
    assert checked.frame["categories"].to_list() == [codes]
    assert checked.findings.select("code", "extra").rows() == ([("CATEGORY_UNKNOWN", unknown)] if unknown else [])


@pytest.mark.parametrize(
    ("cell", "phone", "codes"),
    [
        ("138 0013 8000", "13800138000", ["TEXT_NORMALISED"]),
        ("138-0013-8000", "13800138000", ["TEXT_NORMALISED"]),
        ("+86 13800138000", "13800138000", ["TEXT_NORMALISED"]),
        ("8613800138000", "13800138000", ["TEXT_NORMALISED"]),
        ("13800138000、13900139000", "13800138000", ["PHONE_SEVERAL"]),
        ("13800138000 13900139000", "13800138000", ["PHONE_SEVERAL"]),
        ("0762-3388888/13900139000", "07623388888", ["PHONE_SEVERAL"]),
        ("1380013 / 13900139000", "13900139000", ["TEXT_NORMALISED"]),
        ("0762-3388888", "07623388888", ["TEXT_NORMALISED"]),
        ("07623388888", "07623388888", []),
        ("1380000", None, ["PHONE_FORMAT"]),
        ("无", None, ["PHONE_FORMAT"]),
        ("", None, []),
    ],
)
def test_phone(cell, phone, codes):
    assert outcome("phone", cell) == (phone, [("phone", code) for code in codes])


@pytest.mark.parametrize(
    ("cell", "account", "codes"),
    [
        ("6228480000000000000", "6228480000000000000", []),
        ("6228 4800 0000 0000 000", "6228480000000000000", ["TEXT_NORMALISED"]),
        ("4111111111111111", "4111111111111111", []),
        ("6228480000000000001", "6228480000000000001", ["CARD_CHECKSUM"]),
        ("12345678", "12345678", []),
        ("6.22848E+18", None, ["ACCOUNT_NUMERIC"]),
        ("\x1aN6228480000000000000", None, ["ACCOUNT_NUMERIC"]),
        ("\x1aF6228480000000000000", None, ["FORMULA_REFUSED"]),
        ("农行", None, ["ACCOUNT_FORMAT"]),
        ("", None, []),
    ],
)
def test_account(cell, account, codes):
    assert outcome("bank_account", cell) == (account, [("bank_account", code) for code in codes])


@pytest.mark.parametrize(
    ("cell", "address", "codes"),
    [
        ("东埔街道8号", "东埔街道8号", []),
        (" 东埔街道8号 ", "东埔街道8号", []),
        ("东埔街道\n\uff18号", "东埔街道 8号", ["TEXT_NORMALISED"]),
        ("东" * 101, None, ["TEXT_LONG"]),
        ("东\x00", None, ["CONTROL_CHAR"]),
    ],
)
def test_text(cell, address, codes):
    assert outcome("address", cell) == (address, [("address", code) for code in codes])


@pytest.mark.parametrize(
    ("cell", "amount", "codes"),
    [
        ("5000", Decimal("5000.00"), []),
        ("5000.5", Decimal("5000.50"), []),
        ("\uffe55,000.00元", Decimal("5000.00"), []),
        ("5000.500", Decimal("5000.50"), []),
        ("0.30000000000000004", Decimal("0.30"), []),
        ("12.340000000000002", Decimal("12.34"), []),
        ("5000.005", None, ["AMOUNT_FORMAT"]),
        ("-5", None, ["AMOUNT_FORMAT"]),
        ("1e3", None, ["AMOUNT_FORMAT"]),
        ("五元", None, ["AMOUNT_FORMAT"]),
        ("\x1aF5", None, ["FORMULA_REFUSED"]),
        (None, None, []),
    ],
)
def test_amount(cell, amount, codes):
    checked = single(Column("amount", "金额", clean="amount"), cell)
    assert checked.frame["amount"].to_list() == [amount]
    assert checked.findings["code"].to_list() == codes


def test_choice_and_order_of_dates():
    assert single(Column("state", "状态", clean="choice", choices=("是", "否")), "是", " 否 ", "也许").findings.select(
        "line", "code", "extra"
    ).rows() == [(3, "CHOICE_UNKNOWN", "是、否")]  # fmt: skip
    columns = [
        Column("ends_on", "止", clean="date", companions={"start": "begins_on"}),
        Column("begins_on", "起", clean="date"),
    ]
    frame = pl.DataFrame({"begins_on": ["2026-01-02"] * 3, "ends_on": ["2026-01-02", "2026.1.1", "长期"]})
    checked = check(frame.with_columns(line=pl.int_range(1, 4, dtype=pl.Int32), sheet=pl.lit("")), columns, CONTEXT)
    assert checked.frame["ends_on"].to_list() == [date(2026, 1, 2), date(2026, 1, 1), date(9999, 12, 31)]
    assert checked.findings.select("line", "column", "code").rows() == [(2, "ends_on", "DATE_ORDER")]


def test_broken_rows_carry_their_own_finding_and_no_other():
    frame = frame_of(good_row(), good_row()).with_columns(
        broken=pl.Series([None, "COLUMN_COUNT"], dtype=pl.String),
        broken_extra=pl.Series([None, "12/13"], dtype=pl.String),
    )
    emptied = frame.with_columns(
        pl.when(pl.col("broken").is_null()).then(column.key).alias(column.key) for column in COLUMNS
    )
    checked = check(emptied, COLUMNS, CONTEXT)
    assert checked.findings.select("line", "column", "code", "severity", "extra").rows() == [
        (3, "", "COLUMN_COUNT", "error", "12/13")
    ]
    assert checked.refused.to_list() == [False, True]


def test_findings_mask_what_they_show():
    row = good_row(
        name="欧阳小3",
        document="441602196203151218",
        phone="1380000",
        bank_account="6228480000000000001",
        sex="441602196203151219",
    )
    found = check(frame_of(row), COLUMNS, CONTEXT).findings
    assert dict(found.select("column", "value_masked").rows()) == {
        "name": "欧阳**",
        "document": "4416**********1218",
        "phone": "******0",
        "bank_account": "***************0001",
        "sex": "****",
    }


def test_worst_finding_of_a_row_is_its_weight():
    rows = [good_row(), good_row(name=" 王小明\u200b"), good_row(phone="1"), good_row(name="王")]
    assert check(frame_of(*rows), COLUMNS, CONTEXT).frame["worst"].to_list() == [0, 1, 2, 4]


def test_later_duplicates_are_refused_across_chunks_and_sheets_naming_the_first():
    finder = DuplicateFinder()
    document = next(column for column in COLUMNS if column.key == "document")
    first, other = good_row(), good_row(document="44162519951102042X", sex="", birth_on="")
    one = refuse_duplicates(
        check(frame_of(first, other, first, good_row(document="")), COLUMNS, CONTEXT), finder, document
    )
    assert one.findings.filter(pl.col("code") == "DUP_IN_FILE").select("line", "extra", "value_masked").rows() == [
        (4, "2", "4416**********1219")
    ]
    sheet = frame_of(good_row(document=""), other, first).with_columns(sheet=pl.lit("城西"))
    two = refuse_duplicates(check(sheet, COLUMNS, CONTEXT), finder, document)
    assert two.findings.filter(pl.col("code") == "DUP_IN_FILE").select("sheet", "line", "extra").rows() == [
        ("城西", 3, "!3"),
        ("城西", 4, "!2"),
    ]
    assert two.frame["worst"].to_list() == [4, 4, 4]


def test_thousand_good_people_pass_without_a_finding():
    checked = check(frame_of(*people(1_000)), COLUMNS, CONTEXT)
    assert checked.findings.is_empty()
    assert refuse_duplicates(checked, DuplicateFinder(), COLUMNS[2]).findings.is_empty()


def test_order_of_rows_does_not_depend_on_what_was_found():
    rows = [
        good_row(name=f"王{'小' if number % 3 else ' '}明", phone="" if number % 2 else "1") for number in range(100)
    ]
    checked = check(frame_of(*rows), COLUMNS, CONTEXT)
    assert checked.frame["line"].to_list() == list(range(2, 102))
    assert checked.frame["name"].to_list() == ["王小明" if number % 3 else "王明" for number in range(100)]
    assert checked.findings["row"].is_sorted()


@pytest.mark.parametrize(
    ("kind", "document", "cleaned", "codes"),
    [
        ("港澳居民居住证", "810000199408230021", "810000199408230021", []),
        ("港澳居民居住证", "82000019940823001X", None, ["ID_CHECKSUM"]),
        ("港澳居民居住证", "441602196203151219", None, ["DOC_FORMAT"]),
        ("台湾居民居住证", "830000199201300022", "830000199201300022", []),
        ("台湾居民居住证", "810000199408230021", None, ["DOC_FORMAT"]),
        ("外国人永久居留身份证", with_check("91112319990101001"), with_check("91112319990101001"), []),
        ("外国人永久居留身份证", "CAN110101234567", "CAN110101234567", []),
        ("外国人永久居留身份证", "441602196203151219", None, ["DOC_FORMAT"]),
        ("护照", "E12345678", "E12345678", []),
        ("护照", "E1", None, ["DOC_FORMAT"]),
        ("港澳居民来往内地通行证", "H12345678", "H12345678", []),
        ("台湾居民来往大陆通行证", "12345678", "12345678", []),
    ],
)
def test_each_document_follows_its_own_rule(kind, document, cleaned, codes):
    value, found = outcome("document", document, document_type=kind, sex="", birth_on="")
    assert (value, found) == (cleaned, [("document", code) for code in codes])


@pytest.mark.parametrize("key", ["name", "document", "birth_on", "region_code", "categories", "phone", "bank_name"])
def test_a_cell_that_shows_an_error_refuses_its_row_once(key):
    value, found = outcome(key, "\x1aE", sex="")
    assert found == [(key, "CELL_ERROR")]
    assert value in (None, date(1962, 3, 15))


@pytest.mark.parametrize("cell", ["2025年1月1号", "2025 年 1 月 1 日", "２０２５．１．１", "2025-1-1 0:00"])
def test_a_date_is_read_as_offices_spell_it(cell):
    checked = single(Column("day", "日期", clean="date"), cell, "长期有效")
    assert checked.frame["day"].to_list() == [date(2025, 1, 1), date(9999, 12, 31)]
    assert checked.findings.is_empty()
