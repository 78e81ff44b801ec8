"""A few tables of figures as a page shows them and as a workbook; they name no person, so whoever sees the page has the file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Font

from audit.spreadsheets import harmless, sheet_name

#: What a cell is: text, a number of things, yuan, or something that is not told because few people are behind it.
Cell = str | int | Decimal | None


@dataclass(frozen=True)
class Table:
    """A heading for the first column and the others; lines of a label and as many cells."""

    key: str
    title: str
    first: str
    headings: Sequence[str]
    lines: Sequence[tuple[str, Sequence[Cell]]]
    total: tuple[str, Sequence[Cell]] | None = None
    remark: str = ""


def said(cell: Cell) -> str:
    """A cell as a page and a paper show it; what is not told is a dash."""
    if cell is None:
        return "—"
    if isinstance(cell, str):
        return cell
    return f"{cell:,.2f}" if isinstance(cell, Decimal) else f"{cell:,}"


def shown(table: Table) -> Mapping[str, object]:
    """With its cells in words."""
    return {
        "key": table.key, "title": table.title, "first": table.first, "headings": table.headings, "remark": table.remark,
        "lines": [(name, [said(cell) for cell in cells]) for name, cells in table.lines],
        "total": (table.total[0], [said(cell) for cell in table.total[1]]) if table.total is not None else None,
    }


def workbook_of(tables: Sequence[Table], facts: Sequence[tuple[str, str]], *, about: str) -> bytes:
    """A sheet of facts and one of each table; amounts are numbers."""
    book = Workbook()
    first = book.active
    first.title = sheet_name(about)
    for name, value in facts:
        first.append([harmless(name), harmless(value)])
    first.column_dimensions["A"].width, first.column_dimensions["B"].width = 24, 70
    for table in tables:
        sheet = book.create_sheet(sheet_name(table.title))
        sheet.append([table.first, *table.headings])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for name, cells in (*table.lines, *([table.total] if table.total is not None else [])):
            sheet.append([harmless(name), *(_cell(cell) for cell in cells)])
            for cell in sheet[sheet.max_row][1:]:
                if isinstance(cell.value, Decimal):
                    cell.number_format = "#,##0.00"
        sheet.freeze_panes = "B2"
        sheet.column_dimensions["A"].width = 36
        for number in range(len(table.headings)):
            sheet.column_dimensions[chr(ord("B") + number)].width = 22
        if table.remark:
            sheet.append([])
            sheet.append([harmless(table.remark)])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _cell(cell: str | int | Decimal | None) -> str | int | Decimal:
    return said(cell) if cell is None or isinstance(cell, str) else cell
