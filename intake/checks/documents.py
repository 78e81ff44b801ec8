"""Rules for identity documents and what they tell about birth and sex; the good path never leaves columns."""

from __future__ import annotations

from datetime import date

import polars as pl

from intake.checks.folding import folded, has_control, is_formula, is_numeric, without_blanks
from intake.checks.work import Work, patched
from intake.columns import Column
from intake.identity import BEGINNINGS, EARLIEST, ID_LIKE, RESIDENT_ID

# Words for a type of document -> its code.
DOCUMENT_TYPES = {
    "居民身份证": RESIDENT_ID,
    "身份证": RESIDENT_ID,
    "二代身份证": RESIDENT_ID,
    "户口簿": RESIDENT_ID,
    "户口本": RESIDENT_ID,
    "港澳居民居住证": "hk_macao_residence",
    "台湾居民居住证": "taiwan_residence",
    "外国人永久居留身份证": "foreign_permanent",
    "外国人永久居留证": "foreign_permanent",
    "护照": "passport",
    "港澳居民来往内地通行证": "hk_macao_permit",
    "回乡证": "hk_macao_permit",
    "台湾居民来往大陆通行证": "taiwan_permit",
    "台胞证": "taiwan_permit",
    "其他": "other",
    "其他证件": "other",
}
_SHAPE_18 = "^[0-9]{17}[0-9X]$"
_SHAPE_15 = "^[0-9]{15}$"
_SCIENTIFIC = r"^[0-9](?:\.[0-9]+)?E\+?[0-9]{1,3}$"
_LOOSE = {
    "passport": "^[A-Z0-9]{5,15}$",
    "hk_macao_permit": "^[HMC][0-9]{8,10}$",
    "taiwan_permit": "^[A-Z]?[0-9]{8,11}[A-Z]?$",
    "foreign_permanent": "^[A-Z]{3}[0-9]{12}$",
    "other": "^[A-Z0-9][A-Z0-9()/-]{3,29}$",
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _sum_17(body: pl.Expr) -> pl.Expr:
    """The weighted sum of 17 digits given as one UInt64."""
    digits = [(body // 10 ** (16 - place)) % 10 * weight for place, weight in enumerate(_WEIGHTS)]
    return pl.sum_horizontal(digits)


def _facts(number: pl.Expr) -> dict[str, pl.Expr]:
    """`_body`, `_last`, `_birth` of a text of the 18 shape (null elsewhere)."""
    # As text: polars takes the year 0000 for a date, which neither Python nor the database knows.
    year = number.str.slice(6, 4)
    return {
        "_body": number.str.slice(0, 17).cast(pl.UInt64, strict=False),
        "_last": number.str.slice(17, 1).replace_strict(
            ["X", *"0123456789"], [10, *range(10)], default=None, return_dtype=pl.UInt64
        ),
        "_birth": pl.when(year >= f"{EARLIEST.year}").then(number.str.slice(6, 8)).str.to_date("%Y%m%d", strict=False),
    }


def check_document_type(work: Work, column: Column) -> None:
    """The code of the document's type; an empty cell means a resident ID card."""
    raw = work.raw[column.key]
    code = raw.replace_strict(DOCUMENT_TYPES, default=None, return_dtype=pl.String)
    odd = (raw.is_not_null() & code.is_null()).arg_true()
    if len(odd):
        text = without_blanks(folded(pl.col("raw")))
        mended = raw.gather(odd).to_frame("raw").select(text=text)["text"]
        codes = mended.replace_strict(DOCUMENT_TYPES, default=None, return_dtype=pl.String)
        unknown = codes.is_null() & (mended != "")
        listed = "、".join(
            ("居民身份证", "港澳居民居住证", "台湾居民居住证", "外国人永久居留身份证", "护照", "其他证件")
        )
        code = patched(code, odd, codes)
        where = pl.zeros(len(raw), dtype=pl.UInt8, eager=True).scatter(odd.filter(unknown), 1).cast(pl.Boolean)
        work.find("DOC_TYPE_UNKNOWN", column, where, extra=listed)
        work.notes[column.key + ":unknown"] = where
    work.cleaned[column.key] = code.fill_null(RESIDENT_ID)


def check_document(work: Work, column: Column) -> None:
    """A number of its type: cleaned to capitals without blanks, 15 digits made 18; null where it is refused."""
    raw = work.raw[column.key]
    kind = _kinds(work, column)
    frame = pl.DataFrame({"number": raw, "kind": kind}).with_columns(shape=pl.col("number").str.contains(_SHAPE_18))
    frame = frame.with_columns(**_facts(pl.when("shape").then("number")))
    good = frame.select(
        good=pl.col("shape")
        & pl.col("_birth").is_not_null()
        & (pl.col("_birth") <= work.context.today)
        & ((_sum_17(pl.col("_body")) + pl.col("_last")) % 11 == 1)
        & ~pl.col("number").str.ends_with("000")
        & (pl.col("kind") == RESIDENT_ID)
    )["good"].fill_null(value=False)
    value, birth = frame["number"].rename(column.key), frame["_birth"]
    male = frame.select(male=pl.col("_body") % 2 == 1)["male"]
    rest = (~good & raw.is_not_null()).arg_true()
    if len(rest):
        mended = _mend(frame.select("number", "kind").select(pl.all().gather(rest)), work.context.today)
        _report(work, column, mended, rest)
        value = patched(value, rest, mended["value"])
        birth, male = patched(birth, rest, mended["_birth"]), patched(male, rest, mended["male"])
    work.cleaned[column.key] = value
    work.notes[column.key + ":birth"], work.notes[column.key + ":male"] = birth, male


def _kinds(work: Work, column: Column) -> pl.Series:
    companion = column.companions.get("type")
    if companion in work.cleaned:
        return work.cleaned[companion]
    return pl.repeat(RESIDENT_ID, len(work.raw), dtype=pl.String, eager=True)


def _mend(frame: pl.DataFrame, today: date) -> pl.DataFrame:
    """`value`, `code` and `extra` of what stops it, `note` of what was repaired, `_birth` and `male` of odd numbers."""
    cell = pl.col("number")
    frame = frame.with_columns(
        text=without_blanks(folded(cell)).str.to_uppercase(),
        control=has_control(cell),
        numeric=is_numeric(cell),
        formula=is_formula(cell),
    )
    text = pl.col("text")
    old = text.str.contains(_SHAPE_15) & (pl.col("kind") == RESIDENT_ID)
    shown = pl.when(old).then(text.str.slice(0, 6) + "19" + text.str.slice(6) + "?").otherwise(text)
    frame = frame.with_columns(old=old, id=shown, like=pl.col("kind").is_in(ID_LIKE))
    shaped = pl.col("id").str.contains(r"^[0-9]{17}[0-9X?]$")
    frame = frame.with_columns(shaped=shaped).with_columns(**_facts(pl.when("shaped").then("id")))
    checks = list("10X98765432")
    right = (_sum_17(pl.col("_body")) % 11).replace_strict(
        list(range(11)), checks, default=None, return_dtype=pl.String
    )
    frame = frame.with_columns(
        id=pl.when("old").then(pl.col("id").str.slice(0, 17) + right).otherwise("id"),
        fits=pl.col("old") | ((_sum_17(pl.col("_body")) + pl.col("_last")) % 11 == 1),
    )
    frame = frame.with_columns(_verdict(today), extra=text.str.len_chars().cast(pl.String))
    refused = pl.col("code").is_not_null() & (pl.col("code") != "ID_ROUNDED")
    derived = pl.col("like") & pl.col("shaped") & ~refused
    return frame.with_columns(
        value=pl.when(~refused & (text != "")).then("id"),
        note=pl.when(refused)
        .then(None)
        .when("old")
        .then(pl.lit("ID_15"))
        .when(text != cell)
        .then(pl.lit("TEXT_NORMALISED")),
        _birth=pl.when(derived).then("_birth"),
        male=pl.when(derived).then(pl.col("_body") % 2 == 1),
    )


def _verdict(today: date) -> pl.Expr:
    """The first thing that is wrong with a number that is not plainly right."""
    text, kind = pl.col("text"), pl.col("kind")
    loose = pl.any_horizontal(*((kind == name) & text.str.contains(shape) for name, shape in _LOOSE.items()))
    numeric_tail = text.str.contains("^[0-9]{15}000$")
    return (
        pl.when(text == "").then(None)
        .when("formula").then(pl.lit("FORMULA_REFUSED"))
        .when("numeric").then(pl.lit("ID_NUMERIC"))
        .when("control").then(pl.lit("CONTROL_CHAR"))
        .when(text.str.contains(_SCIENTIFIC)).then(pl.lit("ID_SCIENTIFIC"))
        .when(loose).then(None)
        .when(~pl.col("like")).then(pl.lit("DOC_FORMAT"))
        .when(~text.str.contains("^[0-9]+X?$")).then(pl.lit("DOC_TYPE"))
        .when(~pl.col("shaped")).then(pl.lit("ID_LENGTH"))
        .when(_begins_otherwise(kind, text)).then(pl.lit("DOC_FORMAT"))
        .when(pl.col("_birth").is_null()).then(pl.lit("ID_DATE"))
        .when(pl.col("_birth") > today).then(pl.lit("ID_FUTURE"))
        .when(~pl.col("fits") & numeric_tail).then(pl.lit("ID_NUMERIC"))
        .when(~pl.col("fits")).then(pl.lit("ID_CHECKSUM"))
        .when(numeric_tail).then(pl.lit("ID_ROUNDED"))
        .alias("code")
    )  # fmt: skip


def _begins_otherwise(kind: pl.Expr, text: pl.Expr) -> pl.Expr:
    """A residence permit whose number begins like another document's."""
    return pl.any_horizontal(
        (kind == name) & ~pl.any_horizontal(text.str.starts_with(beginning) for beginning in beginnings)
        for name, beginnings in BEGINNINGS.items()
    )


def _report(work: Work, column: Column, mended: pl.DataFrame, rows: pl.Series) -> None:
    for kind in ("code", "note"):
        for code in mended[kind].drop_nulls().unique().sort():
            hit = (mended[kind] == code).fill_null(value=False)
            extra = mended["extra"].filter(hit) if code == "ID_LENGTH" else ""
            work.find_rows(code, column, rows.filter(hit), extra=extra)


def agree_with_document(work: Work, column: Column, columns: dict[str, Column]) -> None:
    """Birth and sex filled from the number where their cells are empty, refused where they say something else."""
    birth, male = work.notes[column.key + ":birth"], work.notes[column.key + ":male"]
    key = column.companions.get("birth")
    if key in columns:
        said, month = work.cleaned[key], work.notes.get(key + ":month")
        wrong = (said != birth).fill_null(value=False)
        if month is not None:
            wrong = wrong | (month != birth.dt.strftime("%Y-%m")).fill_null(value=False)
        work.find("ID_MISMATCH", columns[key], wrong)
        work.cleaned[key] = pl.DataFrame({"said": said, "birth": birth}).select(
            pl.coalesce("said", "birth").alias(key)
        )[key]
    key = column.companions.get("sex")
    if key in columns:
        said = work.cleaned[key]
        derived = pl.DataFrame({"male": male}).select(
            sex=pl.when("male").then(pl.lit("male")).when(~pl.col("male")).then(pl.lit("female"))
        )["sex"]
        work.find("ID_MISMATCH", columns[key], (said != derived).fill_null(value=False))
        work.cleaned[key] = pl.DataFrame({"said": said, "derived": derived}).select(
            pl.coalesce("said", "derived").alias(key)
        )[key]
