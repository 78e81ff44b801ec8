"""Old XLS: the stream of the workbook out of its compound file, and its records searched for what the parser of
cells does not tell. Format: [MS-CFB] and [MS-XLS]."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from stops import Scan, Stop

_END = 0xFFFFFFFA  # this and above: no sector
_BOUNDSHEET, _FILEPASS, _EOF, _BOF = 0x0085, 0x002F, 0x000A, 0x0809
_FORMULA, _NUMBER, _RK, _MULRK, _BOOLERR, _MERGED = 0x0006, 0x0203, 0x027E, 0x00BD, 0x0205, 0x00E5
_LONG = 1e15


class Entry(NamedTuple):
    """One entry of a compound file's directory."""

    name: str
    kind: int
    start: int
    size: int


class Sheet(NamedTuple):
    """A sheet as the workbook's list names it, and where its records begin."""

    name: str
    start: int


def scans(data: bytes, limits: dict[str, int]) -> dict[str, Scan]:
    """What each sheet holds, by its name; `Stop` when the file is no workbook that may be opened."""
    try:
        return _scans(data)
    except (struct.error, IndexError):
        raise Stop("FILE_DAMAGED") from None


def _scans(data: bytes) -> dict[str, Scan]:
    file = _Compound(data)
    names = {entry.name.lower() for entry in file.entries}
    if "encryptedpackage" in names:
        raise Stop("ENCRYPTED")
    if names & {"_vba_project_cur", "_vba_project", "vba"}:
        raise Stop("MACRO_REFUSED")
    book = next((entry for entry in file.entries if entry.name.lower() in ("workbook", "book") and entry.kind == 2), None)
    if book is None:
        raise Stop("TYPE_MISMATCH", "OLE")
    stream = file.stream(book)
    return {sheet.name: _scan(stream, sheet.start) for sheet in _sheets(stream)}


class _Compound:
    """Sectors, chains and directory of a compound file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._size = 1 << struct.unpack_from("<H", data, 30)[0]
        if self._size not in (512, 4096):
            raise Stop("FILE_DAMAGED")
        self._table = self._read_table()
        directory = self._chain(struct.unpack_from("<I", data, 48)[0])
        self.entries = [entry for entry in map(_entry, _cut(directory, 128)) if entry is not None]
        self._small_limit = struct.unpack_from("<I", data, 56)[0]
        root = next((entry for entry in self.entries if entry.kind == 5), None)
        if root is None:
            raise Stop("FILE_DAMAGED")
        self._small = self._chain(root.start)
        self._small_table = _numbers(self._chain(struct.unpack_from("<I", data, 60)[0]))

    def stream(self, entry: Entry) -> bytes:
        """The bytes of a stream; the small ones lie in the root's own."""
        if entry.size >= self._small_limit:
            return self._chain(entry.start)[: entry.size]
        parts = [self._small[at * 64 : at * 64 + 64] for at in _linked(entry.start, self._small_table)]
        return b"".join(parts)[: entry.size]

    def _sector(self, at: int) -> bytes:
        start = (at + 1) * self._size
        return self._data[start : start + self._size]

    def _read_table(self) -> tuple[int, ...]:
        sectors = list(struct.unpack_from("<109I", self._data, 76))
        following, seen = struct.unpack_from("<I", self._data, 68)[0], set()
        while following < _END and following not in seen:
            seen.add(following)
            numbers = _numbers(self._sector(following))
            sectors += numbers[:-1]
            following = numbers[-1]
        return _numbers(b"".join(self._sector(at) for at in sectors if at < _END))

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(at) for at in _linked(start, self._table))


def _linked(start: int, table: tuple[int, ...]) -> Iterator[int]:
    """Sectors of a chain in their order; one that bites its tail or leaves the file is damaged."""
    for _ in range(len(table) + 1):
        if start >= _END:
            return
        if start >= len(table):
            raise Stop("FILE_DAMAGED")
        yield start
        start = table[start]
    raise Stop("FILE_DAMAGED")


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data) - size + 1, size)]


def _entry(data: bytes) -> Entry | None:
    length, kind = struct.unpack_from("<HB", data, 64)
    if kind not in (1, 2, 5) or not 2 <= length <= 64:
        return None
    start, size = struct.unpack_from("<II", data, 116)
    return Entry(data[: length - 2].decode("utf-16-le", "replace"), kind, start, size)


def _records(stream: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of each record up to the end of the substream."""
    end = len(stream) - 4
    while start <= end:
        kind = stream[start] | stream[start + 1] << 8
        length = stream[start + 2] | stream[start + 3] << 8
        yield kind, start + 4, length
        if kind == _EOF:
            return
        start += 4 + length


def _sheets(stream: bytes) -> list[Sheet]:
    sheets, wide = [], True
    for kind, at, length in _records(stream, 0):
        if kind == _FILEPASS:
            raise Stop("ENCRYPTED")
        if kind == _BOF:
            wide = struct.unpack_from("<H", stream, at)[0] >= 0x0600
        if kind == _BOUNDSHEET:
            start, _, _, count = struct.unpack_from("<IBBB", stream, at)
            sheets.append(Sheet(_sheet_name(stream[at + 7 : at + length], count, wide=wide), start))
    return sheets


def _sheet_name(body: bytes, count: int, *, wide: bool) -> str:
    """Excel 97 keeps a name as one or two bytes a character and says which, Excel 95 in the code page of its time."""
    if not wide:
        return body[:count].decode("gb18030", "replace")
    if body[0] & 1:
        return body[1 : 1 + count * 2].decode("utf-16-le", "replace")
    return body[1 : 1 + count].decode("latin-1")


def _scan(stream: bytes, start: int) -> Scan:
    found = Scan()
    for kind, at, length in _records(stream, start):
        if kind == _FORMULA:
            _note_formula(stream, at, found)
        elif kind == _NUMBER:
            row, column, _, value = struct.unpack_from("<HHHd", stream, at)
            if abs(value) >= _LONG:
                found.numbers.add((row, column))
        elif kind == _RK:
            row, column, _, value = struct.unpack_from("<HHHI", stream, at)
            if abs(_rk(value)) >= _LONG:
                found.numbers.add((row, column))
        elif kind == _MULRK:
            row, first = struct.unpack_from("<HH", stream, at)
            for number, place in enumerate(range(at + 4, at + length - 2, 6)):
                if abs(_rk(struct.unpack_from("<HI", stream, place)[1])) >= _LONG:
                    found.numbers.add((row, first + number))
        elif kind == _BOOLERR:
            row, column, _, _, wrong = struct.unpack_from("<HHHBB", stream, at)
            if wrong:
                found.errors.add((row, column))
        elif kind == _MERGED:
            (count,) = struct.unpack_from("<H", stream, at)
            found.merges += [struct.unpack_from("<4H", stream, at + 2 + 8 * number) for number in range(count)]
    return found


def _note_formula(stream: bytes, at: int, found: Scan) -> None:
    row, column, _ = struct.unpack_from("<3H", stream, at)
    result = stream[at + 6 : at + 14]
    found.formulas.add((row, column))
    if result[6:8] == b"\xff\xff":
        if result[0] == 2:
            found.errors.add((row, column))
        elif result[0] in (0, 3):
            found.blank.add((row, column))


def _rk(value: int) -> float:
    """The number that 30 bits stand for."""
    if value & 2:
        number = float((value >> 2) - (1 << 30 if value & 1 << 31 else 0))
    else:
        number = struct.unpack("<d", b"\0\0\0\0" + struct.pack("<I", value & 0xFFFFFFFC))[0]
    return number / 100 if value & 1 else number
