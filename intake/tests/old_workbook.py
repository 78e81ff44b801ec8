"""Writes old workbooks (BIFF8 in a compound file) for tests: text, numbers, formulas, errors, merged cells, hidden."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SECTOR = 512
_FREE, _END, _TABLE, _LIST = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC


@dataclass(frozen=True)
class Formula:
    """A formula of which only the cached result matters: a text, a number, or an error's code in bytes."""

    result: str | float | bytes


@dataclass(frozen=True)
class Error:
    """A cell that shows an error such as #N/A (42)."""

    code: int = 42


Cell = str | float | int | Formula | Error | None


def old_workbook(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    *,
    merges: Mapping[str, Sequence[tuple[int, int, int, int]]] | None = None,
    hidden: Sequence[str] = (),
    stream: str = "Workbook",
    others: Sequence[str] = (),
) -> io.BytesIO:
    """An .xls file; a merge is first row, last row, first column, last column, all from 0."""
    parts = [_sheet(rows, (merges or {}).get(name, ())) for name, rows in sheets.items()]
    names = [_short(name) for name in sheets]
    head = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + _record(0x0042, struct.pack("<H", 1200))
    size = len(head) + sum(4 + 6 + len(name) for name in names) + 4
    listed, start = b"", size
    for name, text, part in zip(sheets, names, parts, strict=True):
        listed += _record(0x0085, struct.pack("<IBB", start, 1 if name in hidden else 0, 0) + text)
        start += len(part)
    return io.BytesIO(_compound(stream, head + listed + _record(0x000A, b"") + b"".join(parts), others))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _short(text: str) -> bytes:
    return struct.pack("<BB", len(text), 1) + text.encode("utf-16-le")


def _sheet(rows: Sequence[Sequence[Cell]], merges: Sequence[tuple[int, int, int, int]]) -> bytes:
    width = max((len(row) for row in rows), default=0)
    records = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))]
    records.append(_record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0)))
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            records.append(_cell(struct.pack("<HHH", number, place, 0), cell))
    if merges:
        spans = b"".join(struct.pack("<4H", *merge) for merge in merges)
        records.append(_record(0x00E5, struct.pack("<H", len(merges)) + spans))
    return b"".join(records) + _record(0x000A, b"")


def _cell(place: bytes, cell: Cell) -> bytes:
    if cell is None or cell == "":
        return b""
    if isinstance(cell, Formula):
        return _formula(place, cell.result)
    if isinstance(cell, Error):
        return _record(0x0205, place + struct.pack("<BB", cell.code, 1))
    if isinstance(cell, str):
        return _record(0x0204, place + struct.pack("<HB", len(cell.encode("utf-16-le")) // 2, 1) + cell.encode("utf-16-le"))
    return _record(0x0203, place + struct.pack("<d", cell))


def _formula(place: bytes, result: str | float | bytes) -> bytes:
    following = b""
    if isinstance(result, str):
        value = struct.pack("<BBIH", 0 if result else 3, 0, 0, 0xFFFF)
        if result:
            text = result.encode("utf-16-le")
            following = _record(0x0207, struct.pack("<HB", len(text) // 2, 1) + text)
    elif isinstance(result, bytes):
        value = struct.pack("<BBBBHH", 2, 0, result[0], 0, 0, 0xFFFF)
    else:
        value = struct.pack("<d", result)
    # The expression itself is the integer 1: only its result is read.
    return _record(0x0006, place + value + struct.pack("<HIH", 0, 0, 3) + b"\x1e\x01\x00") + following


def _compound(name: str, data: bytes, others: Sequence[str]) -> bytes:
    """A compound file with one large stream, and empty streams of other names."""
    data = data.ljust(max(4096, -len(data) % _SECTOR + len(data)), b"\0")
    count = len(data) // _SECTOR
    entries = [_entry("Root Entry", 5, _END, 0, child=1), _entry(name, 2, 0, len(data), right=2 if others else _FREE)]
    entries += [_entry(other, 2, _END, 0, right=n + 3 if n + 1 < len(others) else _FREE) for n, other in enumerate(others)]
    directory = b"".join(entries)
    directory += b"\0" * (-len(directory) % _SECTOR)
    folders = len(directory) // _SECTOR
    tables, lists = 1, 0
    while tables * 128 < count + folders + tables + lists:
        tables += 1
        lists = -(-max(0, tables - 109) // 127)
    chain = [*range(1, count), _END, *range(count + 1, count + folders), _END, *[_TABLE] * tables, *[_LIST] * lists]
    chain += [_FREE] * (tables * 128 - len(chain))
    first = count + folders
    sectors = [*range(first, first + tables)]
    sectors += [_FREE] * (109 + 127 * lists - tables)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    further = first + tables if lists else _END
    head += struct.pack("<IIIIIIIII", 0, tables, count, 0, 4096, _END, 0, further, lists) + struct.pack("<109I", *sectors[:109])
    listed = b""
    for number in range(lists):
        following = further + number + 1 if number + 1 < lists else _END
        listed += struct.pack("<128I", *sectors[109 + 127 * number : 236 + 127 * number], following)
    return head + data + directory + struct.pack(f"<{len(chain)}I", *chain) + listed


def _entry(name: str, kind: int, start: int, size: int, *, child: int = _FREE, right: int = _FREE) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    links = struct.pack("<III", _FREE, right, child)
    return (
        text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1) + links + b"\0" * 36
        + struct.pack("<IQ", start, size)
    )
