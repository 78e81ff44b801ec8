"""Facts of people as the cells and bytes of an insurer's file, whole columns at a time; pure, nothing is read or kept."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import polars as pl
from openpyxl.utils import get_column_letter

from audit.spreadsheets import DANGEROUS, MONEY, QUOTED, TEXT
from exports import formats
from exports.columns import Column
from handover.columns import FileColumn
from handover.fields import BY_KEY, CODE_WORDS
from handover.models.format import Encoding, FileKind

#: What XML 1.0 cannot hold, as far as text of a database has it.
_UNWRITABLE = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
_BOM = "\ufeff"
#: Digits of a cover number before its check, as `beneficiaries.models.enrollment.cover_number` makes it.
_DIGITS = 10


def cover_numbers(program: str, period: str) -> pl.Expr:
    """Cover numbers of enrollments by `enrollment_id`."""
    number = pl.col("enrollment_id")
    check = (98 - (number * 100) % 97).cast(pl.String).str.zfill(2)
    return pl.lit(f"{program}-{period}-") + number.cast(pl.String).str.zfill(_DIGITS) + check


def cells_of(
    facts: pl.DataFrame, columns: Sequence[FileColumn], *, dates: str, codes: Mapping[str, Mapping[str, str]]
) -> pl.DataFrame:
    """Text of each cell, a column of the file after another ("0", "1", ...); nothing is an empty text."""
    return facts.select(
        _cell(column, dates=dates, codes=codes).fill_null("").alias(str(at)) for at, column in enumerate(columns)
    )


def _cell(column: FileColumn, *, dates: str, codes: Mapping[str, Mapping[str, str]]) -> pl.Expr:
    if not column.field:
        return pl.lit(column.text)
    kind, value = BY_KEY[column.field].kind, pl.col(column.field)
    if kind == "day":
        return value.dt.strftime(dates)
    if kind == "code":
        words = CODE_WORDS[column.field] | dict(codes.get(column.field, {}))
        return value.replace_strict(words, default=value, return_dtype=pl.String)
    return value.cast(pl.String)


def csv_bytes(cells: pl.DataFrame, columns: Sequence[FileColumn], *, encoding: str, first: bool) -> bytes:
    """Lines as a program reads them, the headings before the first; what a spreadsheet would calculate gets an apostrophe.

    A number stays what it is: these files are read by the insurer's system, not opened to be typed on.
    """
    harmless = cells.select(
        pl.when(pl.any_horizontal(pl.col(name).str.starts_with(sign) for sign in DANGEROUS)).then("'" + pl.col(name))
        .otherwise(name).alias(name)
        for name in cells.columns
    )
    text = io.BytesIO()
    if first:
        heads = pl.DataFrame([[column.heading] for column in columns], schema=cells.columns)
        heads.write_csv(text, include_header=False, line_terminator="\r\n")
    harmless.write_csv(text, include_header=False, line_terminator="\r\n")
    written = text.getvalue()
    if encoding == Encoding.GB18030:
        return written.decode().encode("gb18030")
    return _BOM.encode() + written if first else written


def sheet_text(cells: pl.DataFrame, columns: Sequence[FileColumn], *, row: int) -> str:
    """Rows of a sheet from line `row` on (2: its head and headings first)."""
    rows = cells.with_row_index("row", offset=row).with_columns(pl.col("row").cast(pl.String))
    parts: list[pl.Expr] = [pl.lit('<row r="'), pl.col("row"), pl.lit('">')]
    parts += [_sheet_cell(str(at), get_column_letter(at + 1), column) for at, column in enumerate(columns)]
    lines = rows.select(line=pl.concat_str([*parts, pl.lit("</row>")]))["line"].to_list()
    head = "" if row > 2 else formats.sheet_head([_headed(column) for column in columns])
    return head + "".join(lines)


def _headed(column: FileColumn) -> Column:
    return Column(column.field, column.heading, str)


def _sheet_cell(name: str, letter: str, column: FileColumn) -> pl.Expr:
    value = pl.col(name)
    if column.field and BY_KEY[column.field].kind == "money":
        filled = pl.concat_str(pl.lit(f'<c r="{letter}'), "row", pl.lit(f'" s="{MONEY}"><v>'), value, pl.lit("</v></c>"))
    else:
        text = value.str.replace_all(_UNWRITABLE, "").str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"])
        quoted = pl.any_horizontal(value.str.starts_with(sign) for sign in DANGEROUS)
        style = pl.when(quoted).then(pl.lit(str(QUOTED))).otherwise(pl.lit(str(TEXT)))
        filled = pl.concat_str(
            pl.lit(f'<c r="{letter}'), "row", pl.lit('" s="'), style,
            pl.lit('" t="inlineStr"><is><t xml:space="preserve">'), text, pl.lit("</t></is></c>"),
        )
    return pl.when(value != "").then(filled).otherwise(pl.lit(""))


def piece_of(
    cells: pl.DataFrame, columns: Sequence[FileColumn], *, file_kind: str, encoding: str, row: int, crc: int
) -> tuple[bytes, int, int]:
    """A stretch of the file from line `row` of a sheet on (2: the first): its bytes, plain size, the sheet's checksum so far."""
    if file_kind == FileKind.XLSX:
        return formats.packed_piece(sheet_text(cells, columns, row=row), crc=crc)
    content = csv_bytes(cells, columns, encoding=encoding, first=row == 2)
    return content, len(content), 0
