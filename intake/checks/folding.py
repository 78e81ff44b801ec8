"""Text as it was meant: width, blanks and invisible characters folded, as expressions; the rest is for the rules."""

from __future__ import annotations

import polars as pl

# A cell that matches needs folding: marks of the reader, controls, odd blanks, invisible characters, full width,
# blanks or an apostrophe at its ends.
ODD = (
    r"[\x00-\x1f\x7f-\xa0\u{00ad}\u{180e}\u{2000}-\u{200f}\u{2028}-\u{202f}"
    r"\u{205f}-\u{206f}\u{3000}\u{feff}\u{ff01}-\u{ff5e}]|^[' ]|[' ]$"
)
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
_INVISIBLE = r"[\u{00ad}\u{180e}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{feff}]"
_BLANKS = r"[\t\r\n\x85\u{00a0}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}]+"
_WIDE = [chr(code) for code in range(0xFF01, 0xFF5F)]
_NARROW = [chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)]


def unmarked(cell: pl.Expr) -> pl.Expr:
    """The cell without the reader's mark."""
    return cell.str.replace("^\x1a[NF]", "")


def folded(cell: pl.Expr) -> pl.Expr:
    """Half width, plain single blanks, nothing invisible, no apostrophe in front; controls are left for a finding."""
    text = unmarked(cell).str.replace_all(_INVISIBLE, "").str.replace_all(_BLANKS, " ")
    return (
        text.str.replace_many(_WIDE, _NARROW)
        .str.replace_all(" {2,}", " ")
        .str.strip_chars(" ")
        .str.replace("^'+ *", "")
    )


def without_blanks(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(" ", "", literal=True)


def has_control(cell: pl.Expr) -> pl.Expr:
    return unmarked(cell).str.contains(CONTROL)


def is_numeric(cell: pl.Expr) -> pl.Expr:
    """The workbook held this cell as a number of more digits than a number keeps."""
    return cell.str.starts_with("\x1aN")


def is_formula(cell: pl.Expr) -> pl.Expr:
    return cell.str.starts_with("\x1aF")


def is_error(cell: pl.Expr) -> pl.Expr:
    """The workbook shows an error here, or a formula that was never calculated."""
    return cell.str.starts_with("\x1aE")
