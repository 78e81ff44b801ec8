"""One document at a time: the rule in plain words, and the columnar checks held equal to it."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intake.checks import Context, check
from intake.checks.documents import DOCUMENT_TYPES
from intake.columns import Column
from intake.identity import EARLIEST, ID_LIKE, Reading, birth_of, check_character, read_document, resident_id, to_18

TODAY = date(2026, 1, 1)
COLUMNS = (
    Column("document_type", "证件类型", clean="document_type"),
    Column(
        "document", "证件号码", clean="document", personal="document",
        companions={"type": "document_type", "birth": "birth_on", "sex": "sex"},
    ),
    Column("sex", "性别", clean="sex"),
    Column("birth_on", "出生日期", clean="birth"),
)
CONTEXT = Context(today=TODAY, regions=pl.DataFrame({"code": ["44"], "successor": [None]}, schema={
    "code": pl.String, "successor": pl.String,
}))
WORD_OF = {code: word for word, code in reversed(DOCUMENT_TYPES.items())}
KINDS = sorted(WORD_OF)


def columnar(rows: list[tuple[str | None, str]]) -> list[Reading]:
    """What the columnar checks make of cells and their types."""
    frame = pl.DataFrame(
        {
            "document": [cell for cell, _kind in rows], "document_type": [WORD_OF[kind] for _cell, kind in rows],
            "sex": None, "birth_on": None, "sheet": "", "line": range(len(rows)), "raw": "", "broken": None,
            "broken_extra": None,
        },
        schema={
            **dict.fromkeys(("document", "document_type", "sex", "birth_on", "sheet"), pl.String), "line": pl.Int32,
            **dict.fromkeys(("raw", "broken", "broken_extra"), pl.String),
        },
    )
    checked = check(frame, COLUMNS, CONTEXT)
    found: list[dict[str, str]] = [{} for _ in rows]
    for row, code, severity in checked.findings.select("row", "code", "severity").iter_rows():
        found[row]["note" if severity == "repaired" else "code"] = code
    return [
        Reading(number, codes.get("code"), codes.get("note"), birth_on, None if sex is None else sex == "male")
        for (number, birth_on, sex), codes in zip(
            checked.frame.select("document", "birth_on", "sex").iter_rows(), found, strict=True
        )
    ]


@pytest.mark.parametrize(
    ("number", "birth_on", "male"),
    [
        ("441602196203151219", date(1962, 3, 15), True),
        ("44162519951102042X", date(1995, 11, 2), False),
        ("441704201806010337", date(2018, 6, 1), True),
        ("451002201202290033", date(2012, 2, 29), True),
        ("810000199408230021", date(1994, 8, 23), False),
        ("830000199201300022", date(1992, 1, 30), False),
    ],
)
def test_published_examples_are_read(number: str, birth_on: date, male: bool) -> None:
    assert read_document(number, today=TODAY) == Reading(number, None, None, birth_on, male)
    assert check_character(number[:17]) == number[17]


@pytest.mark.parametrize(
    ("cell", "kind", "expected"),
    [
        (None, "resident_id", Reading()),
        (" \u3000", "resident_id", Reading(note="TEXT_NORMALISED")),
        ("44162519951102042x", "resident_id", Reading("44162519951102042X", None, "TEXT_NORMALISED", date(1995, 11, 2), False)),
        ("４４１６０２１９６２０３１５１２１９", "resident_id",
         Reading("441602196203151219", None, "TEXT_NORMALISED", date(1962, 3, 15), True)),
        ("441602620315121", "resident_id", Reading("441602196203151219", None, "ID_15", date(1962, 3, 15), True)),
        ("441602620315121", "hk_macao_residence", Reading(code="ID_LENGTH")),
        ("441602196203151218", "resident_id", Reading(code="ID_CHECKSUM")),
        ("441602196202301219", "resident_id", Reading(code="ID_DATE")),
        ("441602000003151217", "resident_id", Reading(code="ID_DATE")),
        ("441602189912310010", "resident_id", Reading(code="ID_DATE")),
        ("441602209903151219", "resident_id", Reading(code="ID_FUTURE")),
        ("44160219620315121", "resident_id", Reading(code="ID_LENGTH")),
        ("4416O2196203151219", "resident_id", Reading(code="DOC_TYPE")),
        ("4.41602E+17", "resident_id", Reading(code="ID_SCIENTIFIC")),
        ("441602196203151000", "resident_id", Reading(code="ID_NUMERIC")),
        ("\x1aN441602196203151219", "resident_id", Reading(code="ID_NUMERIC")),
        ("\x1aF441602196203151219", "resident_id", Reading(code="FORMULA_REFUSED")),
        ("44160219620\x07151219", "resident_id", Reading(code="CONTROL_CHAR")),
        ("e12345678", "passport", Reading("E12345678", None, "TEXT_NORMALISED")),
        ("E1234-5678", "passport", Reading(code="DOC_FORMAT")),
        ("H12345678", "hk_macao_permit", Reading("H12345678")),
        ("12345678", "taiwan_permit", Reading("12345678")),
        ("GBR110105123456", "foreign_permanent", Reading("GBR110105123456")),
        ("", "other", Reading()),
    ],
)  # fmt: skip
def test_each_way_of_writing_is_read_alike_by_both(cell: str | None, kind: str, expected: Reading) -> None:
    assert read_document(cell, kind=kind, today=TODAY) == expected
    assert columnar([(cell, kind)]) == [expected]


def test_a_number_is_built_with_its_check_character() -> None:
    assert resident_id("441602", date(1962, 3, 15), 121) == "441602196203151219"
    assert resident_id("441625", date(1995, 11, 2), 42) == "44162519951102042X"
    assert to_18("441602620315121") == "441602196203151219"
    assert birth_of("441602196202301219") is None
    for region, sequence in (("4416", 1), ("44160２", 1), ("441602", 1000), ("441602", -1)):
        with pytest.raises(ValueError, match="not"):
            resident_id(region, TODAY, sequence)


def test_a_number_that_excel_may_have_rounded_is_a_doubt_even_when_its_check_fits() -> None:
    number = next(
        number for day in range(1, 29) for number in [resident_id("441602", date(1962, 3, day), 100)] if number.endswith("000")
    )
    reading = read_document(number, today=TODAY)
    assert (reading.number, reading.code) == (number, "ID_ROUNDED")
    assert columnar([(number, "resident_id")]) == [reading]


_BUILT = st.builds(
    resident_id,
    st.sampled_from(["441602", "441723", "451025", "110101", "810000", "820000", "830000", "915610"]),
    st.dates(date(1900, 1, 1), date(2027, 12, 31)),
    st.integers(0, 999),
)
_OLD = _BUILT.map(lambda number: number[:6] + number[8:17])
_DIGITS = st.text("0123456789", min_size=14, max_size=19)
_DATED = st.builds(
    lambda year, day, sequence: (body := f"441602{year:04d}{day}{sequence:03d}") + check_character(body),
    st.integers(0, 2100), st.sampled_from(["0101", "0229", "0431", "1231", "1301"]), st.integers(0, 999),
)
_WILD = st.text("0123456789XxEHMC.+-OＸ１ \u3000\u200b\u00a0'\t\x07\x1a()/", max_size=20)
_WIDE = {48 + digit: 0xFF10 + digit for digit in range(10)}


@st.composite
def cells(draw: st.DrawFn) -> str | None:
    """Right numbers, and what people and programs make of them."""
    number = draw(st.one_of(st.none(), _BUILT, _BUILT, _OLD, _DIGITS, _DATED, _WILD))
    if not number:
        return number
    at = draw(st.integers(0, len(number) - 1))
    bent = {
        "as it is": number, "lower": number.lower(), "wide": number.translate(_WIDE), "blank": f"{number[:at]} {number[at:]}",
        "quoted": f"'{number}", "padded": f"\u3000{number}\t",
        "digit": number[:at] + str(draw(st.integers(0, 9))) + number[at + 1:], "cut": number[:at] + number[at + 1:],
        "rounded": number[:15] + "000", "numeric": "\x1aN" + number,
        "formula": "\x1aF" + number, "joined": f"{number[:at]}\u200b{number[at:]}",
    }
    return bent[draw(st.sampled_from(sorted(bent)))]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(cells(), st.sampled_from(KINDS)), min_size=1, max_size=30))
@example([("441602196203151219", kind) for kind in KINDS])
def test_columns_agree_with_the_rule_in_plain_words(rows: list[tuple[str | None, str]]) -> None:
    assert columnar(rows) == [read_document(cell, kind=kind, today=TODAY) for cell, kind in rows]


def test_nobody_is_born_before_the_first_day_of_all() -> None:
    day_before = date(1899, 12, 31)
    assert date(1900, 1, 1) == EARLIEST
    for birth_on, code in ((EARLIEST, None), (day_before, "ID_DATE")):
        number = resident_id("441602", birth_on, 11)
        assert read_document(number, today=TODAY).code == code
        assert columnar([(number, "resident_id")])[0].code == code


def test_the_types_with_a_check_character_are_the_same() -> None:
    assert set(ID_LIKE) < set(DOCUMENT_TYPES.values())
