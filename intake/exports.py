"""Files that go back to a person: refused rows in their own layout, and blank templates; nothing is read here."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from intake.columns import OWN_HEADINGS, Column, fold_header
from intake.findings import describe
from intake.readers import CHOICES_SHEET, NOTES_SHEET

_DANGEROUS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
# What XML 1.0 cannot hold.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXT = "@"
_TEMPLATE_ROWS = 5_000


class RefusedRow(NamedTuple):
    """A row to be corrected: where it stood, its cells as they came (unmasked), and why it was refused."""

    line: int
    cells: Sequence[str]
    reason: str
    sheet: str = ""


def reason_of(findings: Iterable[tuple[str, str, str]]) -> str:
    """One text from (code, column label, extra) of a row's findings."""
    return ";".join(describe(code, label, extra=extra) for code, label, extra in findings)


def harmless(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would calculate; the reader takes it off again."""
    return "'" + cell if cell.startswith(_DANGEROUS) else cell


def write_refused_csv(target: BinaryIO, headers: Sequence[str], rows: Iterable[RefusedRow]) -> int:
    """UTF-8 with BOM, the file's own columns, then line and reason; gives the number of rows."""
    kept = _kept(headers)
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow(_titles(headers, kept))
    count = 0
    for count, row in enumerate(rows, 1):
        writer.writerow([*(harmless(cell) for cell in _own(row, kept)), row.line, harmless(row.reason)])
    text.flush()
    text.detach()
    return count


def write_refused_xlsx(target: BinaryIO, headers: Mapping[str, Sequence[str]], rows: Iterable[RefusedRow]) -> int:
    """A workbook of text cells with the file's own sheets; `headers` by sheet name, rows sorted by sheet."""
    book = Workbook(write_only=True)
    count = 0
    for name, group in groupby(rows, key=lambda row: row.sheet):
        sheet = book.create_sheet(_sheet_title(name))
        kept = _kept(headers[name])
        _width_columns(sheet, len(kept) + 2)
        sheet.append([_text_cell(sheet, title) for title in _titles(headers[name], kept)])
        for row in group:
            count += 1
            cells = [_text_cell(sheet, cell) if cell else None for cell in _own(row, kept)]
            sheet.append([*cells, row.line, _text_cell(sheet, row.reason)])
    if not book.worksheets:
        book.create_sheet(_sheet_title(""))
    book.save(target)
    return count


def _kept(headers: Sequence[str]) -> list[int]:
    """Positions of the file's own columns: line and reason of an earlier round are replaced."""
    return [position for position, heading in enumerate(headers) if fold_header(heading) not in OWN_HEADINGS]


def _titles(headers: Sequence[str], kept: Sequence[int]) -> list[str]:
    return [*(headers[position] for position in kept), _("Line"), _("Reason")]


def _own(row: RefusedRow, kept: Sequence[int]) -> list[str]:
    return [row.cells[position] if position < len(row.cells) else "" for position in kept]


def _text_cell(sheet: Worksheet, value: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=_UNWRITABLE.sub("", value)[:32_767])
    cell.data_type = "s"
    cell.number_format = _TEXT
    return cell


def _sheet_title(name: str) -> str:
    return re.sub(r"[\\/*?:\[\]]", "_", name)[:31] or _("Roster")


def _width_columns(sheet: Worksheet, count: int) -> None:
    for position in range(1, count + 1):
        sheet.column_dimensions[get_column_letter(position)].width = 18


def write_template(target: BinaryIO, columns: Sequence[Column], *, title: str = "") -> None:
    """A blank workbook from the columns' declaration: text cells, notes, drop-downs, a sheet that explains."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101 - a new workbook has one
    sheet.title = _sheet_title(title)
    sheet.freeze_panes = "A2"
    choices = book.create_sheet(CHOICES_SHEET)
    choices.sheet_state = "hidden"
    for position, column in enumerate(columns, 1):
        _write_heading(sheet, position, column)
        if column.choices:
            _offer_choices(sheet, choices, position, column)
    _explain(book.create_sheet(NOTES_SHEET), columns)
    book.save(target)


def _write_heading(sheet: Worksheet, position: int, column: Column) -> None:
    cell = sheet.cell(row=1, column=position, value=f"{column.label}*" if column.required else str(column.label))
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="FFF2CC" if column.required else "EDEDED")
    note = "\n".join(part for part in (str(column.help), column.example and _("Example: %s") % column.example) if part)
    if note:
        cell.comment = Comment(note, "", width=260, height=120)
    dimension = sheet.column_dimensions[get_column_letter(position)]
    dimension.width = max(12, min(40, 2 * len(str(column.label)) + 6), len(column.example) + 4)
    dimension.number_format = _TEXT


def _offer_choices(sheet: Worksheet, choices: Worksheet, position: int, column: Column) -> None:
    for row, choice in enumerate(column.choices, 1):
        choices.cell(row=row, column=position, value=choice)
    letter = get_column_letter(position)
    source = f"'{CHOICES_SHEET}'!${letter}$1:${letter}${len(column.choices)}"
    # A cell may hold several choices, so another text is pointed out but let in.
    offer = DataValidation("list", formula1=source, allow_blank=True, showErrorMessage=True, errorStyle="warning")
    offer.add(f"{letter}2:{letter}{_TEMPLATE_ROWS}")
    sheet.add_data_validation(offer)


def _explain(sheet: Worksheet, columns: Sequence[Column]) -> None:
    sheet.append(
        [_("Column"), _("Required"), _("How to fill it in"), _("Example"), _("Choices"), _("May also be called")]
    )
    for column in columns:
        listed = [str(column.label), _("yes") if column.required else "", str(column.help), column.example,
                  "、".join(column.choices), "、".join(column.synonyms)]  # fmt: skip
        sheet.append(listed)
    for row in sheet.iter_rows():
        for cell in row:
            cell.number_format = _TEXT
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for letter, width in zip("ABCDEF", (18, 8, 48, 24, 48, 36), strict=True):
        sheet.column_dimensions[letter].width = width
    for cell in sheet[1]:
        cell.font = Font(bold=True)
