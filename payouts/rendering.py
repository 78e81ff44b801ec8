"""Payouts as the bytes of a bank's file, whole columns at a time; pure: nothing is read or kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from audit.spreadsheets import DANGEROUS
from payouts.columns import FileColumn, filled
from payouts.errors import PayoutsRefused
from payouts.fields import TRANSFER_WORDS
from payouts.models.format import AmountStyle, Dangerous, Encoding, LineEnd

_BOM = "\ufeff".encode()
_ENDS = {LineEnd.CRLF: "\r\n", LineEnd.LF: "\n"}
#: Numbers of ours, of accounts and banks: digits and letters that no spreadsheet calculates.
_NEVER_TEXT = ("amount", "number")


@dataclass(frozen=True)
class Layout:
    """How a format writes: what `BankFormat` keeps, without the database."""

    columns: Sequence[FileColumn]
    head_lines: Sequence[str]
    foot_lines: Sequence[str]
    codes: Mapping[str, str]
    encoding: str
    separator: str
    line_end: str
    dates: str
    amounts: str
    dangerous: str
    has_headings: bool


@dataclass(frozen=True)
class Whole:
    """What is the same in all lines of a file, and what its control lines say of the whole."""

    batch: str
    count: int
    amount: Decimal
    payer_account: str
    payer_name: str
    purpose: str
    day: date


def first_bytes(layout: Layout, whole: Whole) -> bytes:
    """What stands before the first payout: the mark of the encoding, lines of the whole, headings."""
    lines = [filled(line, _facts(layout, whole)) for line in layout.head_lines]
    if layout.has_headings:
        headings = pl.DataFrame([[column.heading] for column in layout.columns], schema=_names(layout))
        lines.append(_lines(headings, layout)[0])
    mark = _BOM if layout.encoding == Encoding.UTF_8_SIG else b""
    return mark + _encoded(lines, layout)


def last_bytes(layout: Layout, whole: Whole) -> bytes:
    """What stands behind the last payout."""
    return _encoded([filled(line, _facts(layout, whole)) for line in layout.foot_lines], layout)


def payout_bytes(payouts: pl.DataFrame, layout: Layout, whole: Whole) -> bytes:
    """Lines of payouts. `payouts` has `number`, `line_key`, `in_bank`, `account`, `name`, `bank`, `bank_code`, `amount`."""
    return _encoded(_lines(_cells(payouts, layout, whole), layout), layout)


def _facts(layout: Layout, whole: Whole) -> dict[str, str]:
    return {
        "batch": whole.batch, "count": str(whole.count), "sum": f"{whole.amount:.2f}",
        "sum_fen": str(int(whole.amount.scaleb(2))), "payer_account": whole.payer_account, "payer_name": whole.payer_name,
        "day": whole.day.strftime(layout.dates),
    }


def _names(layout: Layout) -> list[str]:
    return [str(at) for at in range(len(layout.columns))]


def _cells(payouts: pl.DataFrame, layout: Layout, whole: Whole) -> pl.DataFrame:
    """Text of each cell, a column of the file after another ("0", "1", ...); nothing is an empty text."""
    found = payouts.select(
        _cell(column, layout, whole).fill_null("").alias(name) for column, name in zip(layout.columns, _names(layout), strict=True)
    )
    return found.select(
        _harmless(found, column, name, layout) for column, name in zip(layout.columns, _names(layout), strict=True)
    )


def _cell(column: FileColumn, layout: Layout, whole: Whole) -> pl.Expr:
    if not column.field:
        return pl.lit(column.text)
    same = {
        "batch": whole.batch, "payer_account": whole.payer_account, "payer_name": whole.payer_name, "purpose": whole.purpose,
        "day": whole.day.strftime(layout.dates),
    }
    if column.field in same:
        return pl.lit(same[column.field])
    if column.field == "transfer":
        words = TRANSFER_WORDS | dict(layout.codes)
        return pl.when(pl.col("in_bank")).then(pl.lit(words["in_bank"])).otherwise(pl.lit(words["interbank"]))
    if column.field == "amount":
        amount = pl.col("amount").cast(pl.Decimal(16, 2))
        fen = (amount * 100).cast(pl.Int64).cast(pl.String)
        return fen if layout.amounts == AmountStyle.FEN else amount.cast(pl.String)
    return pl.col(column.field).cast(pl.String)


def _harmless(cells: pl.DataFrame, column: FileColumn, name: str, layout: Layout) -> pl.Expr:
    """A text that a spreadsheet would calculate gets an apostrophe, or nothing is written at all."""
    value = pl.col(name)
    if column.field in _NEVER_TEXT:
        return value
    dangerous = pl.any_horizontal(value.str.starts_with(sign) for sign in DANGEROUS)
    if layout.dangerous == Dangerous.QUOTE:
        return pl.when(dangerous).then("'" + value).otherwise(value).alias(name)
    if cells.select(dangerous.any()).item():
        raise PayoutsRefused("CELL_DANGEROUS", column=column.heading)
    return value


def _lines(cells: pl.DataFrame, layout: Layout) -> list[str]:
    """Lines without their ends. Commas quote what needs it; other separators cannot be quoted, so none may stand in a cell."""
    quoted = layout.separator == ","
    parts = []
    for name in cells.columns:
        value = pl.col(name)
        if cells.select(value.str.contains("[\r\n]").any()).item():
            raise PayoutsRefused("CELL_SEPARATOR")
        if quoted:
            inner = pl.lit('"') + value.str.replace_all('"', '""', literal=True) + pl.lit('"')
            parts.append(pl.when(value.str.contains('[",]')).then(inner).otherwise(value))
        else:
            if cells.select(value.str.contains(layout.separator, literal=True).any()).item():
                raise PayoutsRefused("CELL_SEPARATOR")
            parts.append(value)
    return cells.select(line=pl.concat_str(parts, separator=layout.separator))["line"].to_list()


def _encoded(lines: Sequence[str], layout: Layout) -> bytes:
    if not lines:
        return b""
    end = _ENDS[LineEnd(layout.line_end)]
    text = end.join([*lines, ""])
    return text.encode("gb18030" if layout.encoding == Encoding.GB18030 else "utf-8")


