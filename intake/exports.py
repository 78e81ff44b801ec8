"""Files that go back to a person: refused rows in their own layout, and blank templates; nothing is read here."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import BinaryIO, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from django.utils.translation import gettext as _
from openpyxl import Workbook
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

    line: int | str
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
    for path, content in _book_parts(titles).items():
        with archive.open(path, "w") as part:
            part.write(content.encode())


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET_HEAD = (
    f'{_XML}<worksheet {_MAIN}><sheetFormatPr defaultRowHeight="15"/>'
    '<cols><col min="1" max="100" width="18" style="1" customWidth="1"/></cols><sheetData>'
).encode()
# Style 1 is text (number format 49): what a person types into such a cell stays as typed.
_STYLES = (
    f'{_XML}<styleSheet {_MAIN}><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _row_xml(number: int, cells: Sequence[str]) -> bytes:
    written = "".join(
        f'<c r="{get_column_letter(position)}{number}" s="1" t="inlineStr">'
        f'<is><t xml:space="preserve">{escape(_UNWRITABLE.sub("", cell)[:32_767])}</t></is></c>'
        for position, cell in enumerate(cells, 1)
        if cell
    )
    return f'<row r="{number}">{written}</row>'.encode()


def _book_parts(titles: Sequence[str]) -> dict[str, str]:
    """Every part of a workbook but its sheets."""
    numbers = range(1, len(titles) + 1)
    sheets = "".join(
        f'<sheet name={quoteattr(title)} sheetId="{number}" r:id="rId{number}"/>'
        for number, title in zip(numbers, titles, strict=True)
    )
    relations = [(f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
    relations.append((f"rId{len(titles) + 1}", "styles", "styles.xml"))
    overrides = [("workbook", "sheet.main"), ("styles", "styles")]
    overrides += [(f"worksheets/sheet{number}", "worksheet") for number in numbers]
    return {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + "".join(f'<Override PartName="/xl/{path}.xml" ContentType="{_TYPE}.{kind}+xml"/>' for path, kind in overrides)
        + "</Types>",
        "_rels/.rels": _relationships([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'{_XML}<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relationships(relations),
        "xl/styles.xml": _STYLES,
    }


def _relationships(targets: Sequence[tuple[str, str, str]]) -> str:
    listed = "".join(f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for key, kind, to in targets)
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _kept(headers: Sequence[str]) -> list[int]:
    """Positions of the file's own columns: line and reason of an earlier round are replaced."""
    return [position for position, heading in enumerate(headers) if fold_header(heading) not in OWN_HEADINGS]


def _titles(headers: Sequence[str], kept: Sequence[int]) -> list[str]:
    return [*(headers[position] for position in kept), _("Line"), _("Reason")]


def _own(row: RefusedRow, kept: Sequence[int]) -> list[str]:
    return [row.cells[position] if position < len(row.cells) else "" for position in kept]


def sheet_title(name: str) -> str:
    """A sheet's name as a workbook takes it."""
    return re.sub(r"[\\/*?:\[\]]", "_", name)[:31] or _("Roster")


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
