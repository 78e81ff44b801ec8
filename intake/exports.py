"""Files that go back to a person: refused rows in their own layout, and blank templates; nothing is read here."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import BinaryIO, NamedTuple
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from audit.spreadsheets import MAIN, TEXT, XML, book_parts, harmless, sheet_name, writable
from intake.columns import OWN_HEADINGS, Column, fold_header
from intake.findings import describe
from intake.readers import CHOICES_SHEET, NOTES_SHEET

_TEXT = "@"
_TEMPLATE_ROWS = 5_000


class RefusedRow(NamedTuple):
    """A row to be corrected: where it stood, its cells as they came (unmasked), and why it was refused."""

    line: int | str
    cells: Sequence[str]
    reason: str
    sheet: str = ""


def reason_of(findings: Iterable[tuple[str, str, str]]) -> str:
    """One text from (code, column label, extra) of a row's findings."""
    return ";".join(describe(code, label, extra=extra) for code, label, extra in findings)


def write_refused_csv(target: BinaryIO, headers: Sequence[str], rows: Iterable[RefusedRow]) -> int:
    """UTF-8 with BOM, the file's own columns, then line and reason; gives the number of rows."""
    kept = _kept(headers)
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow(_titles(headers, kept))
    count = 0
    for row in rows:
        count += 1
        writer.writerow([*(harmless(cell) for cell in _own(row, kept)), row.line, harmless(row.reason)])
    text.flush()
    text.detach()
    return count


def write_refused_xlsx(target: BinaryIO, headers: Mapping[str, Sequence[str]], rows: Iterable[RefusedRow]) -> int:
    """A workbook of text cells with the file's own sheets; `headers` by sheet name, rows sorted by sheet.

    Written as XML by hand: openpyxl takes ten times as long.
    """
    count, titles = 0, []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name, group in groupby(rows, key=lambda row: row.sheet):
            titles.append(sheet_title(name))
            kept = _kept(headers[name])
            with archive.open(f"xl/worksheets/sheet{len(titles)}.xml", "w", force_zip64=True) as part:
                part.write(_SHEET_HEAD)
                part.write(_row_xml(1, _titles(headers[name], kept)))
                for number, row in enumerate(group, 2):
                    part.write(_row_xml(number, [*_own(row, kept), str(row.line), row.reason]))
                    count += 1
                part.write(b"</sheetData></worksheet>")
        if not titles:
            titles.append(sheet_title(""))
            with archive.open("xl/worksheets/sheet1.xml", "w") as part:
                part.write(_SHEET_HEAD + b"</sheetData></worksheet>")
        _write_book(archive, titles)
    return count


def write_rows_xlsx(target: BinaryIO, title: str, rows: Iterable[Sequence[str]]) -> int:
    """A workbook of one sheet of text cells; the same rows always give the same bytes."""
    number = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(_SHEET_HEAD)
            for number, cells in enumerate(rows, 1):
                part.write(_row_xml(number, cells))
            part.write(b"</sheetData></worksheet>")
        _write_book(archive, [sheet_title(title)])
    return number


def _write_book(archive: zipfile.ZipFile, titles: Sequence[str]) -> None:
    """Every part but the sheets; a part that is opened by name bears no date."""
    for path, content in book_parts(titles).items():
        with archive.open(path, "w") as part:
            part.write(content.encode())


_SHEET_HEAD = (
    f'{XML}<worksheet {MAIN}><sheetFormatPr defaultRowHeight="15"/>'
    '<cols><col min="1" max="100" width="18" style="1" customWidth="1"/></cols><sheetData>'
).encode()


def _row_xml(number: int, cells: Sequence[str]) -> bytes:
    written = "".join(
        f'<c r="{get_column_letter(position)}{number}" s="{TEXT}" t="inlineStr">'
        f'<is><t xml:space="preserve">{escape(writable(cell))}</t></is></c>'
        for position, cell in enumerate(cells, 1)
        if cell
    )
    return f'<row r="{number}">{written}</row>'.encode()


def _kept(headers: Sequence[str]) -> list[int]:
    """Positions of the file's own columns: line and reason of an earlier round are replaced."""
    return [position for position, heading in enumerate(headers) if fold_header(heading) not in OWN_HEADINGS]


def _titles(headers: Sequence[str], kept: Sequence[int]) -> list[str]:
    return [*(headers[position] for position in kept), _("Line"), _("Reason")]


def _own(row: RefusedRow, kept: Sequence[int]) -> list[str]:
    return [row.cells[position] if position < len(row.cells) else "" for position in kept]


def sheet_title(name: str) -> str:
    """A sheet's name as a workbook takes it."""
    return sheet_name(name) or _("Roster")


def write_template(target: BinaryIO, columns: Sequence[Column], *, title: str = "") -> None:
    """A blank workbook from the columns' declaration: text cells, notes, drop-downs, a sheet that explains."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = sheet_title(title)
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
