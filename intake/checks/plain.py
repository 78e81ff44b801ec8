"""Rules for single cells: names, free text, dates, sex, phones, accounts, amounts, choices."""

from __future__ import annotations

from datetime import date

import polars as pl

from intake.checks.folding import ODD, folded, has_control, is_formula, is_numeric, unmarked, without_blanks
from intake.checks.work import Work, patched
from intake.columns import Column

FOREVER = date(9999, 12, 31)
SEXES = {
    "男": "male",
    "女": "female",
    "男性": "male",
    "女性": "female",
    "1": "male",
    "2": "female",
    "m": "male",
    "f": "female",
}
_NAME_GOOD = r"^\p{Han}{2,4}$|^[\p{Han}]{1,15}(?:·[\p{Han}]{1,14})+$"
_NAME_ALLOWED = r"^[\p{L}\p{M}\p{Nl}\p{Co}\p{Cn}·' .\-]+$"
_DOTS = r"\u{2022}\u{2027}\u{30fb}\u{ff65}\u{2219}\u{22c5}\u{25cf}\u{2024}\u{02d9}"
_HAN = r"[\p{Han}\p{Co}\u{20000}-\u{3ffff}]"


def settle(
    work: Work, column: Column, value: pl.Series, rows: pl.Series, mend: pl.LazyFrame | None = None
) -> pl.Series:
    """The odd rows (see `odd_rows`) take what `mend` makes of them: its `value`, and the findings `code` and `note`
    (null where there is none) with `extra`. Without odd rows nothing is computed."""
    if mend is None or len(rows) == 0:
        return value
    mended = mend.collect()
    for kind in ("code", "note"):
        for code in mended[kind].drop_nulls().unique().sort():
            hit = (mended[kind] == code).fill_null(value=False)
            extra = mended["extra"].filter(hit) if "extra" in mended.columns else ""
            work.find_rows(code, column, rows.filter(hit), extra=extra)
    return patched(value, rows, mended["value"])


def odd_rows(work: Work, column: Column, good: pl.Series) -> pl.Series:
    """Numbers of the rows whose cell holds something that the good path does not settle."""
    both = pl.DataFrame({"good": good, "raw": work.raw[column.key]})
    return both.select(rows=(~pl.col("good").fill_null(value=False) & pl.col("raw").is_not_null()).arg_true())["rows"]


def _odd_cells(work: Work, column: Column, rows: pl.Series) -> pl.LazyFrame:
    """The odd cells as they came (`cell`), without the reader's mark (`shown`) and folded (`text`)."""
    return (
        work.raw[column.key]
        .gather(rows)
        .to_frame("cell")
        .lazy()
        .with_columns(text=folded(pl.col("cell")), shown=unmarked(pl.col("cell")))
    )


def _noted(changed: pl.Expr) -> pl.Expr:
    return pl.when(changed & pl.col("code").is_null() & pl.col("value").is_not_null()).then(pl.lit("TEXT_NORMALISED"))


def _stops(code: pl.Expr) -> pl.Expr:
    """What stops a cell of any text column, before what its own rule says."""
    return pl.when(has_control(pl.col("cell"))).then(pl.lit("CONTROL_CHAR")).otherwise(code)


def check_name(work: Work, column: Column) -> None:
    """2 to 30 characters, dots of every kind as U+00B7, no blanks between Chinese characters, rare ones kept."""
    raw = work.raw[column.key]
    good = raw.str.contains(_NAME_GOOD)
    rows = odd_rows(work, column, good)
    cells = _odd_cells(work, column, rows)
    name = pl.col("text").str.replace_all(rf" ?[{_DOTS}] ?", "·")
    name = name.str.replace_all(rf"({_HAN})[.。] ?({_HAN})", "$1·$2").str.replace_all(" ?· ?", "·")
    # Twice, for the blanks of "张 三 丰" overlap.
    for _ in range(2):
        name = name.str.replace_all(rf"({_HAN}) ({_HAN})", "$1$2")
    cells = cells.with_columns(name=name)
    length = pl.col("name").str.len_chars()
    code = (
        pl.when(length == 0).then(None)
        .when(length < 2).then(pl.lit("NAME_SHORT"))
        .when(length > 30).then(pl.lit("NAME_LONG"))
        .when(~pl.col("name").str.contains(_NAME_ALLOWED)).then(pl.lit("NAME_CHARS"))
    )  # fmt: skip
    cells = cells.with_columns(code=_stops(code))
    cells = cells.with_columns(value=pl.when(pl.col("code").is_null() & (length > 0)).then("name"))
    cells = cells.with_columns(note=_noted(pl.col("value") != pl.col("shown")))
    work.cleaned[column.key] = settle(work, column, raw, rows, cells)


def check_text(work: Work, column: Column) -> None:
    """Free text, folded, at most `max_length` characters."""
    raw = work.raw[column.key]
    good = ~raw.str.contains(ODD) & (raw.str.len_bytes() <= column.max_length)
    rows = odd_rows(work, column, good)
    cells = _odd_cells(work, column, rows)
    length = pl.col("text").str.len_chars()
    cells = cells.with_columns(code=_stops(pl.when(length > column.max_length).then(pl.lit("TEXT_LONG"))))
    cells = cells.with_columns(
        value=pl.when(pl.col("code").is_null() & (length > 0)).then("text"), extra=pl.lit(str(column.max_length))
    )
    changed = pl.col("value") != pl.col("shown").str.strip_chars(" \t\r\n\u3000\u00a0")
    cells = cells.with_columns(note=_noted(changed))
    work.cleaned[column.key] = settle(work, column, raw, rows, cells)


def check_sex(work: Work, column: Column) -> None:
    """`male` or `female`."""
    raw = work.raw[column.key]
    value = raw.replace_strict(SEXES, default=None, return_dtype=pl.String)
    good = value.is_not_null()
    rows = odd_rows(work, column, good)
    cells = _odd_cells(work, column, rows)
    text = without_blanks(pl.col("text")).str.to_lowercase()
    cells = cells.with_columns(value=text.replace_strict(SEXES, default=None, return_dtype=pl.String))
    cells = cells.with_columns(
        code=pl.when(pl.col("value").is_null() & (text != "")).then(pl.lit("SEX_UNKNOWN")), note=pl.lit(None, pl.String)
    )
    work.cleaned[column.key] = settle(work, column, value, rows, cells)


def _as_date(text: pl.Expr) -> pl.Expr:
    """A date written in any of the ways of DOMAIN section 5, null when it is none."""
    parts = text.str.extract_groups(r"^([0-9]{4})[-./年]([0-9]{1,2})[-./月]([0-9]{1,2})[日号]?(?:[ T][0-9:.]+)?$")
    spelled = pl.concat_str(
        parts.struct[0], parts.struct[1].str.zfill(2), parts.struct[2].str.zfill(2), ignore_nulls=False
    )
    eight = pl.when(text.str.contains("^[0-9]{8}$")).then(text).otherwise(spelled)
    serial = pl.when(text.str.contains(r"^[0-9]{5}(?:\.[0-9]+)?$")).then(
        text.str.slice(0, 5).cast(pl.Int32, strict=False)
    )
    counted = pl.when(serial.is_between(1, 80_000)).then(pl.lit(date(1899, 12, 30)) + pl.duration(days=serial))
    return pl.coalesce(eight.str.to_date("%Y%m%d", strict=False), counted.cast(pl.Date))


def _dates(work: Work, column: Column) -> tuple[pl.Series, pl.Series, pl.LazyFrame]:
    raw = work.raw[column.key]
    plain = pl.when(pl.col("raw").str.contains("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).then("raw")
    value = raw.to_frame("raw").select(plain.str.to_date("%Y-%m-%d", strict=False).alias(column.key))[column.key]
    good = value.is_not_null()
    rows = odd_rows(work, column, good)
    cells = _odd_cells(work, column, rows).with_columns(
        text=without_blanks(pl.col("text").str.replace(" [0-9:.]+$", ""))
    )
    return value, rows, cells.with_columns(value=_as_date(pl.col("text")), note=pl.lit(None, pl.String))


def check_date(work: Work, column: Column) -> None:
    """A day; 长期 is the last day of all."""
    value, rows, cells = _dates(work, column)
    cells = cells.with_columns(value=pl.when(pl.col("text").is_in(["长期", "长期有效", "永久"])).then(FOREVER).otherwise("value"))
    bad = pl.col("value").is_null() & (pl.col("text") != "")
    cells = cells.with_columns(code=pl.when(bad).then(pl.lit("DATE_FORMAT")))
    work.cleaned[column.key] = settle(work, column, value, rows, cells)


def compare_dates(work: Work, column: Column) -> None:
    """An end is never before its `start`."""
    start = work.cleaned.get(column.companions.get("start", ""))
    if start is not None:
        work.find("DATE_ORDER", column, (work.cleaned[column.key] < start).fill_null(value=False))


def check_birth(work: Work, column: Column) -> None:
    """A birth date up to today; a year and month alone are kept aside, to be compared with the document."""
    value, rows, cells = _dates(work, column)
    parts = pl.col("text").str.extract_groups(r"^([0-9]{4})[-./年]?([0-9]{1,2})月?$")
    month = parts.struct[1].str.zfill(2)
    month = pl.when(month.is_between(pl.lit("01"), pl.lit("12"))).then(parts.struct[0] + "-" + month)
    cells = cells.with_columns(month=pl.when(pl.col("value").is_null()).then(month))
    bad = pl.col("value").is_null() & pl.col("month").is_null() & (pl.col("text") != "")
    cells = cells.with_columns(code=pl.when(bad).then(pl.lit("DATE_FORMAT")))
    # Asked twice: for what is settled, and for the months.
    cells = cells.collect().lazy() if len(rows) else cells
    work.cleaned[column.key] = settled = settle(work, column, value, rows, cells)
    work.find("DATE_FUTURE", column, (settled > work.context.today).fill_null(value=False))
    months = pl.repeat(None, len(settled), dtype=pl.String, eager=True)
    if len(rows):
        months = patched(months, rows, cells.select("month").collect()["month"])
    work.notes[column.key + ":month"] = months


_MOBILE = "^1[3-9][0-9]{9}$"
_LANDLINE = "^0[0-9]{2,3}[0-9]{7,8}$"


def check_phone(work: Work, column: Column) -> None:
    """The first number of the cell that can be dialled, digits only; further ones are told of, a cell without one is left
    out with a warning."""
    raw = work.raw[column.key]
    good = raw.str.contains(_MOBILE)
    rows = odd_rows(work, column, good)
    cells = _odd_cells(work, column, rows)
    parts = (
        pl.col("text")
        .str.replace_all(r"[、,;/|或和]+", " ")
        .str.replace_all(r"([0-9])[-\u{2013}\u{2014}]([0-9])", "$1$2")
    )
    parts = parts.str.replace_all(r"(^| )(?:\+?86)(1[3-9][0-9]{9})", "$1$2").str.replace_all(r"[()]", "")
    whole = without_blanks(parts).str.replace(r"^\+?86(1)", "$1")
    listed = parts.str.split(" ").list.eval(pl.element().filter(pl.element().str.contains(f"{_MOBILE}|{_LANDLINE}")))
    number = pl.when(whole.str.contains(_MOBILE)).then(whole).otherwise(listed.list.first())
    cells = cells.with_columns(value=number, several=~whole.str.contains(_MOBILE) & (listed.list.len() > 1))
    cells = cells.with_columns(
        code=pl.when(pl.col("value").is_null() & (pl.col("text") != "")).then(pl.lit("PHONE_FORMAT")),
    ).with_columns(
        note=pl.when("several")
        .then(pl.lit("PHONE_SEVERAL"))
        .otherwise(_noted(pl.col("value") != pl.col("shown").str.strip_chars()))
    )
    work.cleaned[column.key] = settle(work, column, raw, rows, cells)


#: What four digits add to the check of a card, those at odd places from the right of the four counted twice.
_LUHN = pl.Series(
    [
        sum(digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4) for place, digit in enumerate(reversed(digits)))
        for digits in ([int(digit) for digit in f"{group:04d}"] for group in range(10_000))
    ],
    dtype=pl.UInt32,
)


def _luhn(number: pl.Expr) -> pl.Expr:
    """Whether a number given as UInt64 passes the check of bank cards."""
    # Four digits at a time, looked up; over 32 bits, since a division of 64-bit columns costs several times as much.
    low, middle = (number % 10**8).cast(pl.UInt32), (number // 10**8 % 10**8).cast(pl.UInt32)
    groups = (low % 10**4, low // 10**4, middle % 10**4, middle // 10**4, (number // 10**16).cast(pl.UInt32))
    return pl.sum_horizontal(pl.lit(_LUHN).gather(group) for group in groups) % 10 == 0


def check_card(work: Work, column: Column) -> None:
    """A bank account of 8 to 30 digits; one as long as a card that fails the card check is a warning."""
    raw = work.raw[column.key]
    good = raw.str.contains("^[0-9]{16,19}$")
    rows = odd_rows(work, column, good)
    cells = _odd_cells(work, column, rows)
    text = without_blanks(pl.col("text")).str.replace_all("-", "", literal=True).str.to_uppercase()
    cells = cells.with_columns(account=text)
    rounded = is_numeric(pl.col("cell")) | text.str.contains(r"^[0-9](?:\.[0-9]+)?E\+?[0-9]+$")
    code = (
        pl.when(text == "").then(None)
        .when(rounded).then(pl.lit("ACCOUNT_NUMERIC"))
        .when(~text.str.contains("^[0-9]{8,30}$")).then(pl.lit("ACCOUNT_FORMAT"))
    )  # fmt: skip
    formula = pl.when(is_formula(pl.col("cell"))).then(pl.lit("FORMULA_REFUSED"))
    cells = cells.with_columns(code=pl.coalesce(formula, _stops(code)))
    cells = cells.with_columns(value=pl.when(pl.col("code").is_null() & (text != "")).then("account"))
    cells = cells.with_columns(note=_noted(pl.col("value") != pl.col("shown")))
    work.cleaned[column.key] = value = settle(work, column, raw, rows, cells)
    number = pl.when(pl.col("value").str.contains("^[0-9]{16,19}$")).then("value").cast(pl.UInt64, strict=False)
    fits = value.to_frame("value").select(fits=_luhn(number))["fits"]
    work.find("CARD_CHECKSUM", column, (~fits).fill_null(value=False))


def check_amount(work: Work, column: Column) -> None:
    """Yuan as Decimal(16, 2); the noise of a workbook's binary numbers beyond the eighth decimal is dropped."""
    raw = work.raw[column.key]
    good = raw.str.contains(r"^[0-9]{1,13}(?:\.[0-9]{1,2})?$")
    rows = odd_rows(work, column, good)
    cells = _odd_cells(work, column, rows)
    text = without_blanks(pl.col("text")).str.replace("^[\u00a5\uffe5]", "").str.replace("元$", "")
    grouped = text.str.contains(r"^[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$")
    text = pl.when(grouped).then(text.str.replace_all(",", "", literal=True)).otherwise(text)
    cells = cells.with_columns(amount=text.str.replace(r"^([0-9]+(?:\.[0-9]{1,2}?)?)0+$", "$1"))
    noise = pl.col("amount").str.contains(r"^[0-9]{1,10}\.[0-9]{2}(?:0{6,}|9{6,})[0-9]*$")
    fine = pl.col("amount").str.contains(r"^[0-9]{1,13}(?:\.[0-9]{1,2})?0*$") & ~noise
    value = (
        pl.when(noise)
        .then(pl.col("amount").cast(pl.Float64, strict=False).round(2).cast(pl.String))
        .when(fine)
        .then("amount")
    )
    formula = pl.when(is_formula(pl.col("cell"))).then(pl.lit("FORMULA_REFUSED"))
    cells = cells.with_columns(value=pl.when(formula.is_null()).then(value).cast(pl.Decimal(16, 2), strict=False))
    bad = pl.when(pl.col("value").is_null() & (pl.col("text") != "")).then(pl.lit("AMOUNT_FORMAT"))
    cells = cells.with_columns(code=pl.coalesce(formula, bad), note=pl.lit(None, pl.String))
    plain = raw.to_frame("raw").select(
        pl.when(good).then("raw").cast(pl.Decimal(16, 2), strict=False).alias(column.key)
    )[column.key]
    work.cleaned[column.key] = settle(work, column, plain, rows, cells)


def check_choice(work: Work, column: Column) -> None:
    """One of the column's `choices`, as declared."""
    raw = work.raw[column.key]
    good = raw.is_in(list(column.choices))
    rows = odd_rows(work, column, good)
    cells = _odd_cells(work, column, rows)
    text = without_blanks(pl.col("text"))
    cells = cells.with_columns(value=pl.when(text.is_in(list(column.choices))).then(text))
    unknown = pl.col("value").is_null() & (text != "")
    cells = cells.with_columns(
        code=pl.when(unknown).then(pl.lit("CHOICE_UNKNOWN")),
        extra=pl.lit("、".join(column.choices)),
        note=pl.lit(None, pl.String),
    )
    work.cleaned[column.key] = settle(work, column, raw, rows, cells)
