"""Rows as bytes of a file, piece by piece: lines of CSV, or stretches of a workbook's sheet, packed so that they may be strung
together. Nothing is kept here.

A sheet is a stream of raw deflate blocks, each piece ended at a byte; its checksum runs on from piece to piece. So a file of
any size is written in steps that survive a kill, and read without being put together first.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from audit.spreadsheets import (
    DANGEROUS,
    DAY,
    HEADING,
    MAIN,
    MOMENT,
    MONEY,
    QUOTED,
    SHEET_ROWS,
    TEXT,
    WHOLE,
    XML,
    book_parts,
    harmless,
    sheet_name,
    writable,
)
from exports.columns import Cell, Column

CSV, XLSX = "csv", "xlsx"
#: Rows of one sheet below its heading.
ROWS_OF_A_SHEET = SHEET_ROWS - 1
#: A text that Excel, opening CSV, would make another number, a power or a date of: long numbers, leading zeros, 1E5, 1-2.
_LOSSY = re.compile(r"\d{12,}|0\d+|\d+[eE][+-]?\d+|\d{1,4}[-/]\d{1,2}(?:[-/]\d{1,4})?")
#: Whole numbers that a workbook keeps exactly.
_EXACT = 10**15
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook knows no zones
#: Before this day Excel counts wrongly: 1900 is no leap year.
_FIRST_DAY = datetime(1900, 3, 1)  # noqa: DTZ001
_LEVEL = 3
_BIG = 0xFFFFFFFF
_TAIL = b"</sheetData></worksheet>"


@dataclass(frozen=True)
class Piece:
    """A stretch of a file: its sheet (from 1), rows, bytes before packing, running checksum, packed bytes as they are read."""

    sheet: int
    rows: int
    plain: int
    crc: int
    size: int
    read: Callable[[], Iterable[bytes]]


def csv_piece(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, first: bool) -> bytes:
    """Lines in UTF-8, with a BOM and the headings before the first."""
    text = io.StringIO()
    writer = csv.writer(text)
    if first:
        text.write("\ufeff")
        writer.writerow([_csv_text(column.heading) for column in columns])
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", errors="replace")


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return _csv_text(cell)
    if isinstance(cell, Decimal):
        return f"{cell:.2f}"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _csv_text(text: str) -> str:
    return "'" + text if _LOSSY.fullmatch(text) else harmless(text)


def sheet_piece(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, row: int, crc: int) -> tuple[bytes, int, int]:
    """Rows of a sheet from line `row` on (1: its head and headings first): packed bytes, plain size, checksum so far."""
    letters = [get_column_letter(at) for at in range(1, len(columns) + 1)]
    parts: list[str] = []
    if row == 1:
        parts.append(sheet_head(columns))
        row = 2
    parts += [_line(at, letters, cells) for at, cells in enumerate(rows, row)]
    return packed_piece("".join(parts), crc=crc)


def sheet_head(columns: Sequence[Column]) -> str:
    """What stands before a sheet's rows: widths, and the headings as its first row."""
    letters = [get_column_letter(at) for at in range(1, len(columns) + 1)]
    return _head(columns) + _line(1, letters, [column.heading for column in columns], heading=True)


def packed_piece(text: str, *, crc: int) -> tuple[bytes, int, int]:
    """A stretch of a sheet packed: its bytes, plain size, the sheet's checksum so far."""
    plain = text.encode("utf-8", errors="replace")
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    # Ends at a byte and refers to nothing before it: another piece may follow.
    packed = packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH)
    return packed, len(plain), zlib.crc32(plain, crc)


def _head(columns: Sequence[Column]) -> str:
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{_width(column)}" customWidth="1"/>' for at, column in enumerate(columns, 1)
    )
    return (
        f'{XML}<worksheet {MAIN}><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>'
    )


def _width(column: Column) -> int:
    heading = sum(2 if ord(sign) > 0x2E80 else 1 for sign in column.heading)
    return max(column.width, min(40, heading + 4))


def _line(number: int, letters: Sequence[str], cells: Sequence[Cell], *, heading: bool = False) -> str:
    written = "".join(
        _sheet_cell(f"{letter}{number}", cell, heading) for letter, cell in zip(letters, cells, strict=True) if cell != ""
    )
    return f'<row r="{number}">{written}</row>'


def _sheet_cell(place: str, cell: Cell, heading: bool) -> str:
    if isinstance(cell, str):
        style = HEADING if heading else QUOTED if cell.startswith(DANGEROUS) else TEXT
        return (
            f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(writable(cell))}</t></is></c>'
        )
    if isinstance(cell, Decimal):
        return f'<c r="{place}" s="{MONEY}"><v>{cell:.2f}</v></c>'
    if isinstance(cell, int):
        if abs(cell) >= _EXACT:
            return _sheet_cell(place, str(cell), False)
        return f'<c r="{place}" s="{WHOLE}"><v>{cell}</v></c>'
    moment = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
    if moment < _FIRST_DAY:
        return _sheet_cell(place, _csv_cell(cell), False)
    passed = moment - _DAY_ZERO
    if isinstance(cell, datetime):
        return f'<c r="{place}" s="{MOMENT}"><v>{passed.days + passed.seconds / 86_400:.10f}</v></c>'
    return f'<c r="{place}" s="{DAY}"><v>{passed.days}</v></c>'


def file_of(kind: str, pieces: Sequence[Piece], *, title: str) -> Iterator[bytes]:
    """The bytes of the whole file, strung together from its pieces."""
    if kind == CSV:
        for piece in pieces:
            yield from piece.read()
    else:
        yield from _workbook(pieces, title)


def _workbook(pieces: Sequence[Piece], title: str) -> Iterator[bytes]:
    """A ZIP archive: sheets as they were packed, then the small parts, then the directory. Bears no date."""
    sheets = [[piece for piece in pieces if piece.sheet == number] for number in range(1, pieces[-1].sheet + 1)]
    titles = [sheet_name(title) or "1"] if len(sheets) == 1 else [
        f"{sheet_name(title)[:26]} {number}" for number in range(1, len(sheets) + 1)
    ]
    directory: list[bytes] = []
    at = 0
    for number, parts in enumerate(sheets, 1):
        tail = _packed(_TAIL)
        entry = _Entry(
            f"xl/worksheets/sheet{number}.xml", zlib.crc32(_TAIL, parts[-1].crc), sum(part.size for part in parts) + len(tail),
            sum(part.plain for part in parts) + len(_TAIL), at,
        )
        head = entry.head()
        yield head
        for part in parts:
            yield from part.read()
        yield tail
        at += len(head) + entry.packed
        directory.append(entry.listed())
    for name, text in book_parts(titles).items():
        plain = text.encode()
        packed = _packed(plain)
        entry = _Entry(name, zlib.crc32(plain), len(packed), len(plain), at)
        yield entry.head() + packed
        at += len(entry.head()) + len(packed)
        directory.append(entry.listed())
    yield b"".join(directory) + _end(len(directory), sum(map(len, directory)), at)


def _packed(plain: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


@dataclass(frozen=True)
class _Entry:
    """One file of an archive: its name, checksum, packed and plain bytes, and where it begins."""

    name: str
    crc: int
    packed: int
    plain: int
    at: int

    def head(self) -> bytes:
        """What stands before its bytes (APPNOTE 4.3.7)."""
        big = max(self.packed, self.plain) >= _BIG
        more = struct.pack("<HHQQ", 1, 16, self.plain, self.packed) if big else b""
        sizes = (_BIG, _BIG) if big else (self.packed, self.plain)
        fixed = struct.pack(
            "<4sHHHHHIIIHH", b"PK\x03\x04", 45 if big else 20, 0, zlib.DEFLATED, 0, 0x21, self.crc, *sizes,
            len(self.name), len(more),
        )
        return fixed + self.name.encode() + more

    def listed(self) -> bytes:
        """Its line of the directory (4.3.12); what is too big for its place stands behind it."""
        more = b"".join(struct.pack("<Q", value) for value in (self.plain, self.packed, self.at) if value >= _BIG)
        more = struct.pack("<HH", 1, len(more)) + more if more else b""
        fixed = struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 45, 45 if more else 20, 0, zlib.DEFLATED, 0, 0x21, self.crc,
            min(self.packed, _BIG), min(self.plain, _BIG), len(self.name), len(more), 0, 0, 0, 0o600 << 16, min(self.at, _BIG),
        )
        return fixed + self.name.encode() + more


def _end(count: int, size: int, at: int) -> bytes:
    """The end of an archive whose directory of so many bytes begins at `at`."""
    big = b""
    if at >= _BIG:
        big = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, at)
        big += struct.pack("<4sIQI", b"PK\x06\x07", 0, at + size, 1)
    return big + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, size, min(at, _BIG), 0)
