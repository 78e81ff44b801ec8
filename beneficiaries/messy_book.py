"""Writes the ugly workbook of `messy`, and the golden list of what its lines become; equal parts each time."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from beneficiaries import messy
from beneficiaries.messy import Failed, Formula

#: Zip members bear no time, nor does the workbook.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_CALCULATED = re.compile(rb'<c r="([A-Z]+[0-9]+)"([^>]*)><f>([^<]*)</f><v ?/?>(?:</v>)?</c>')
_MERGED = re.compile(rb"(?:<mergeCell [^>]*>)+")
_THIN = Side(style="thin", color="9CA3AF")
GOLDEN = ("sheet", "line", "verdict", "codes")


def book() -> bytes:
    """The workbook."""
    made = Workbook()
    made.remove(made.worksheets[0])
    shown: dict[str, dict[str, str]] = {}
    for number, sheet in enumerate(messy.SHEETS, 1):
        page = made.create_sheet(sheet.name)
        shown[f"xl/worksheets/sheet{number}.xml"] = _fill(page, sheet)
        if sheet.hidden:
            page.sheet_state = "hidden"
    made.active, made.properties.creator = 1, "靖西市民政局"
    target = io.BytesIO()
    made.save(target)
    return _settled(target, shown)


def _fill(page: Worksheet, sheet: messy.Sheet) -> dict[str, str]:
    """Write a sheet; what its formulas show, by their place: the library writes none of it."""
    shown: dict[str, str] = {}
    for row, cells in enumerate(sheet.above, 1):
        for column, text in enumerate(cells, 1):
            page.cell(row=row, column=column, value=text or None)
    for row, line in enumerate(sheet.lines, len(sheet.above) + 1):
        for column, key in enumerate(sheet.keys, 1):
            cell = page.cell(row=row, column=column)
            _write(cell, line.cells.get(key, ""))
            value = line.cells.get(key)
            if isinstance(value, Formula) and value.shown is not None:
                shown[cell.coordinate] = value.shown
    for place in sheet.merged:
        page.merge_cells(place)
    _dress(page, sheet)
    return shown


def _write(cell: Any, value: messy.Cell) -> None:
    if isinstance(value, Formula):
        cell.value = f"={value.text}"
    elif isinstance(value, Failed):
        cell.value, cell.data_type = value.shown, "e"
    elif isinstance(value, date):
        cell.value, cell.number_format = value, "yyyy/m/d"
    elif isinstance(value, int):
        cell.value, cell.number_format = value, "0"
    elif value:
        # As text, whatever it looks like: a leading apostrophe of the office's own stays one.
        cell.value, cell.data_type, cell.number_format = value, "s", "@"


def _dress(page: Worksheet, sheet: messy.Sheet) -> None:
    """A title in the middle, borders around the table, widths by content: as offices do it."""
    width = len(sheet.keys)
    titles = [row for row, cells in enumerate(sheet.above, 1) if len([cell for cell in cells if cell]) < 3]
    for row in page.iter_rows(min_row=1, max_row=len(sheet.above) + len(sheet.lines), max_col=width):
        for cell in row:
            if cell.row in titles:
                cell.font = Font(name="宋体", size=16 if cell.row == 1 else 11, bold=cell.row == 1)
                cell.alignment = Alignment(horizontal="center" if cell.row == 1 else "left")
                continue
            cell.border = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
            cell.font = Font(name="宋体", size=11, bold=cell.row <= len(sheet.above))
            cell.alignment = Alignment(vertical="center")
            if cell.row <= len(sheet.above):
                cell.fill = PatternFill("solid", fgColor="E5E7EB")
    for column, key in enumerate(sheet.keys, 1):
        wide = {"document": 22, "guardian_document": 22, "bank_account": 22, "address": 24, "categories": 18, "serial": 6}
        page.column_dimensions[get_column_letter(column)].width = wide.get(key, 13)


def _settled(made: io.BytesIO, shown: Mapping[str, Mapping[str, str]]) -> bytes:
    """The same parts in their order, without a time, with what the formulas show."""
    target = io.BytesIO()
    with zipfile.ZipFile(made) as given, zipfile.ZipFile(target, "w") as archive:
        for name in sorted(given.namelist()):
            content = _TIMES.sub(rb"\g<1>2026-11-20T00:00:00Z", given.read(name))
            if name in shown:
                content = _MERGED.sub(_in_order, _calculated(content, shown[name]))
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED, 9)
    return target.getvalue()


def _in_order(match: re.Match[bytes]) -> bytes:
    """The library keeps merged places in a set: their order differs from run to run."""
    return b"".join(sorted(re.findall(rb"<mergeCell [^>]*>", match[0])))


def _calculated(content: bytes, shown: Mapping[str, str]) -> bytes:
    def told(match: re.Match[bytes]) -> bytes:
        place, style, text = match.groups()
        value = shown.get(place.decode())
        if value is None:
            return b'<c r="' + place + b'"' + style + b"><f>" + text + b"</f></c>"
        return (
            b'<c r="' + place + b'"' + style + b' t="str"><f>' + text + b"</f><v>" + escape(value).encode() + b"</v></c>"
        )

    return _CALCULATED.sub(told, content)


def golden() -> str:
    """The golden list as CSV: sheet, line, verdict, codes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(GOLDEN)
    writer.writerows((each.sheet, each.line, each.verdict, " ".join(each.codes)) for each in messy.expected())
    return text.getvalue()
