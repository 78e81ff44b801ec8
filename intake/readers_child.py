"""The process that opens a workbook, so that nothing hostile runs where keys and database are; started as a script.

Reads the file from standard input, writes frames to standard output: a kind (`J` JSON, `R` rows as an Arrow stream),
eight bytes of length, the payload. It never imports Django or another module of the project.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

import fastexcel
import polars as pl
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

_BLOCK = 4 * 1024**2
_OVERLAP = 512
_SLICE = 50_000
_HEAD = 10
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# A cell whose number has more digits than a number can hold exactly.
_LONG_NUMBER = re.compile(rb"v>-?(?:[0-9]{16}|[0-9]+(?:\.[0-9]+)?[eE]\+?(?:1[5-9]|[2-9][0-9]))")
_FORMULA_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*><f')


class Stop(Exception):
    """The file is refused: code, fact, sheet."""


def main() -> int:
    limits = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    data = sys.stdin.buffer.read()
    try:
        for kind, payload in frames(data, limits):
            send(kind, payload)
    except Stop as stop:
        send(b"J", json.dumps({"refused": stop.args}).encode())
    except MemoryError:
        send(b"J", json.dumps({"refused": ["TOO_BIG_UNPACKED", "", ""]}).encode())
    except (
        fastexcel.FastExcelError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        ParseError,
        KeyError,
    ):
        send(b"J", json.dumps({"refused": ["FILE_DAMAGED", "", ""]}).encode())
    return 0


def send(kind: bytes, payload: bytes) -> None:
    sys.stdout.buffer.write(kind + len(payload).to_bytes(8, "big"))
    sys.stdout.buffer.write(payload)
    sys.stdout.buffer.flush()


def frames(data: bytes, limits: dict[str, int]) -> Iterator[tuple[bytes, bytes]]:
    """First what the sheets are and how they begin, then their rows, then the end."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = _safe_parts(archive, limits)
        scans = {name: _scan(archive, part) for name, part in parts.items()}
    reader = fastexcel.read_excel(data)
    sheets = [(name, *_rows(reader, name, *scans.get(name, (False, [])))) for name in reader.sheet_names]
    yield b"J", json.dumps({"sheets": [_heading(*sheet) for sheet in sheets]}).encode()
    for position, (_, rows, _, _) in enumerate(sheets):
        for start in range(0, len(rows), _SLICE):
            buffer = io.BytesIO()
            rows.slice(start, _SLICE).write_ipc_stream(buffer)
            yield b"R", position.to_bytes(4, "big") + buffer.getvalue()
    yield b"J", b'{"done": true}'


def _heading(name: str, rows: pl.DataFrame, visible: bool, formulas: int) -> dict[str, Any]:
    head = rows.head(_HEAD)
    cells = head.drop("line").rows()
    return {"name": name, "visible": visible, "rows": len(rows), "formulas": formulas,
            "head": [[line, list(row)] for line, row in zip(head["line"], cells, strict=True)]}  # fmt: skip


def _safe_parts(archive: zipfile.ZipFile, limits: dict[str, int]) -> dict[str, str]:
    """The part of each sheet by its name, once no part declares entities or unpacks beyond the bound."""
    unpacked = 0
    for entry in archive.infolist():
        unpacked += entry.file_size
        if unpacked > limits["unpacked"]:
            raise Stop("TOO_BIG_UNPACKED", f"{unpacked // 1024**2} MB", "")
        if not entry.filename.lower().endswith((".xml", ".rels", ".vml")) or entry.file_size == 0:
            continue
        with archive.open(entry) as part:
            try:
                next(iterparse(part, events=("start",), forbid_dtd=True), None)
            except DefusedXmlException:
                raise Stop("XML_REFUSED", "", "") from None
    return _sheet_parts(archive)


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    with archive.open("xl/_rels/workbook.xml.rels") as part:
        targets = {node.get("Id"): node.get("Target", "") for _, node in iterparse(part, forbid_dtd=True)}
    parts = {}
    with archive.open("xl/workbook.xml") as part:
        for _, node in iterparse(part, forbid_dtd=True):
            target = targets.get(node.get(_RELATION)) if node.tag.endswith("}sheet") else None
            if target:
                parts[node.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return parts


def _scan(archive: zipfile.ZipFile, part: str) -> tuple[bool, list[tuple[int, int]]]:
    """Whether a sheet holds numbers too long to be exact, and the cells (row, column from 0) that hold formulas."""
    long_numbers, cells, tail = False, set(), b""
    if part not in archive.NameToInfo:
        return False, []
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            text = tail + block
            long_numbers = long_numbers or _LONG_NUMBER.search(text) is not None
            if b"<f" in text:
                cells.update(_FORMULA_CELL.findall(text))
            tail = text[-_OVERLAP:]
    return long_numbers, [(int(row) - 1, _position(letters)) for letters, row in cells]


def _position(letters: bytes) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _rows(
    reader: fastexcel.ExcelReader, name: str, long_numbers: bool, formulas: list[tuple[int, int]]
) -> tuple[pl.DataFrame, bool, int]:
    """Every row that holds anything: `line` and text columns "0", "1", ... with the marks of the reader."""
    # Bits first: a second parse beside the texts would need half as much memory again.
    numbers = _cells(reader, name, "boolean")[0] if long_numbers else None
    frame, visible = _cells(reader, name, "string")
    if numbers is not None:
        frame = frame.with_columns(
            pl.when(numbers[column].is_not_null() & frame[column].str.contains("^-?[0-9]{16,}$"))
            .then(pl.lit("\x1aN") + pl.col(column))
            .otherwise(pl.col(column))
            .alias(column)
            for column in frame.columns
        )
    frame = _mark_formulas(frame, formulas)
    dated = [column for column in frame.columns if frame[column].str.ends_with(" 00:00:00").any()]
    frame = frame.with_columns(pl.col(dated).str.replace("^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$", "$1"))
    frame = frame.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("line"), pl.all())
    kept = pl.any_horizontal((pl.all().exclude("line").str.strip_chars() != "").fill_null(value=False))
    return (frame.filter(kept) if frame.width > 1 else frame.clear()), visible, len(formulas)


def _cells(reader: fastexcel.ExcelReader, name: str, kind: Any) -> tuple[pl.DataFrame, bool]:
    sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes=kind)
    frame = sheet.to_polars()
    frame.columns = [str(position) for position in range(frame.width)]
    return frame, sheet.visible == "visible"


def _mark_formulas(frame: pl.DataFrame, formulas: list[tuple[int, int]]) -> pl.DataFrame:
    by_column: dict[str, list[int]] = {}
    for row, column in formulas:
        if column < frame.width and row < len(frame):
            by_column.setdefault(str(column), []).append(row)
    index = pl.int_range(pl.len(), dtype=pl.UInt32)
    return frame.with_columns(
        pl.when(index.is_in(pl.Series(rows, dtype=pl.UInt32).implode()) & pl.col(column).is_not_null())
        .then(pl.lit("\x1aF") + pl.col(column).str.strip_prefix("\x1aN"))
        .otherwise(pl.col(column))
        .alias(column)
        for column, rows in by_column.items()
    )


if __name__ == "__main__":
    sys.exit(main())
