"""The process that opens a workbook, so that nothing hostile runs where keys and database are; started as a script.

Reads the file from standard input, writes frames to standard output: a kind (`J` JSON, `R` rows as an Arrow stream),
eight bytes of length, the payload. It never imports Django or a module of the project outside this folder.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

import compound
import fastexcel
import polars as pl
import zipped
from defusedxml import DefusedXmlException
from stops import Place, Scan, Stop

_SLICE = 50_000
_HEAD = 10
_OLE = b"\xd0\xcf\x11\xe0"


class Rows(NamedTuple):
    """A sheet's rows that hold anything: `line` and text columns "0", "1", ... with the marks of the reader.

    `merged` are the merged places that reach below the first row: first line, last line, first and last column.
    """

    name: str
    frame: pl.DataFrame
    visible: bool
    scan: Scan
    merged: list[tuple[int, int, int, int]]


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
        refuse(*stop.args)
    except MemoryError:
        refuse("TOO_BIG_UNPACKED", "", "")
    except DefusedXmlException:
        refuse("XML_REFUSED", "", "")
    except (
        fastexcel.FastExcelError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        ParseError,
        KeyError,
        ValueError,
        OSError,
        RuntimeError,
        pl.exceptions.PolarsError,
    ):
        refuse("FILE_DAMAGED", "", "")
    return 0


def refuse(code: str, extra: str, sheet: str) -> None:
    send(b"J", json.dumps({"refused": [code, extra, sheet]}).encode())


def send(kind: bytes, payload: bytes) -> None:
    sys.stdout.buffer.write(kind + len(payload).to_bytes(8, "big"))
    sys.stdout.buffer.write(payload)
    sys.stdout.buffer.flush()


def frames(data: bytes, limits: dict[str, int]) -> Iterator[tuple[bytes, bytes]]:
    """First what the sheets are and how they begin, then their rows, then the end."""
    scans = (compound if data.startswith(_OLE) else zipped).scans(data, limits)
    reader = fastexcel.read_excel(data)
    sheets = [_rows(reader, name, scans.get(name) or Scan()) for name in reader.sheet_names]
    yield b"J", json.dumps({"sheets": [_heading(sheet) for sheet in sheets]}).encode()
    for position, sheet in enumerate(sheets):
        for start in range(0, len(sheet.frame), _SLICE):
            buffer = io.BytesIO()
            sheet.frame.slice(start, _SLICE).write_ipc_stream(buffer)
            yield b"R", position.to_bytes(4, "big") + buffer.getvalue()
    yield b"J", b'{"done": true}'


def _heading(sheet: Rows) -> dict[str, Any]:
    head = sheet.frame.head(_HEAD)
    cells = head.drop("line").rows()
    return {"name": sheet.name, "visible": sheet.visible, "rows": len(sheet.frame), "merged": sheet.merged,
            "formulas": len(sheet.scan.formulas),
            "head": [[line, list(row)] for line, row in zip(head["line"], cells, strict=True)]}  # fmt: skip


def _rows(reader: fastexcel.ExcelReader, name: str, scan: Scan) -> Rows:
    sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    frame = sheet.to_polars()
    # Columns before the first that holds anything are not in the frame; rows are.
    shift = min((column.absolute_index for column in sheet.selected_columns), default=0)
    frame.columns = [str(position + shift) for position in range(frame.width)]
    frame = frame.select(
        *(pl.lit(None, dtype=pl.String).alias(str(position)) for position in range(shift)), pl.all()
    ) if shift and frame.width else frame
    frame = _marked(frame, scan)
    dated = [column for column in frame.columns if frame[column].str.ends_with(" 00:00:00").any()]
    frame = frame.with_columns(pl.col(dated).str.replace("^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$", "$1"))
    kept = pl.any_horizontal(pl.lit(value=False), (pl.all().str.strip_chars() != "").fill_null(value=False))
    filled = frame.select(kept=kept)["kept"] if frame.width else pl.Series("kept", [], dtype=pl.Boolean)
    merges = _merges(frame, scan)
    frame = _filled_down(frame, merges)
    frame = frame.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("line"), pl.all())
    merged = [(top + 1, bottom + 1, left, right) for top, bottom, left, right in merges]
    visible = sheet.visible == "visible"
    return Rows(name, frame.filter(filled) if frame.width > 1 else frame.clear(), visible, scan, merged)


def _marked(frame: pl.DataFrame, scan: Scan) -> pl.DataFrame:
    """Errors and formulas without a result, formulas with one, and numbers that are no longer exact."""
    empty = scan.formulas - scan.blank
    frame = _mark(frame, scan.numbers - scan.formulas, lambda cell: pl.lit("\x1aN") + cell.fill_null(""))
    frame = _mark(frame, scan.formulas, lambda cell: pl.lit("\x1aF") + cell)
    frame = _mark(frame, empty, lambda cell: cell.fill_null("\x1aE"))
    return _mark(frame, scan.errors, lambda _: pl.lit("\x1aE"))


def _mark(frame: pl.DataFrame, places: Iterable[Place], change: Any) -> pl.DataFrame:
    by_column: dict[str, list[int]] = {}
    for row, column in places:
        if column < frame.width and row < len(frame):
            by_column.setdefault(str(column), []).append(row)
    index = pl.int_range(pl.len(), dtype=pl.UInt32)
    return frame.with_columns(
        pl.when(index.is_in(pl.Series(rows, dtype=pl.UInt32).implode()))
        .then(change(pl.col(column)))
        .otherwise(pl.col(column))
        .alias(column)
        for column, rows in by_column.items()
    )


def _merges(frame: pl.DataFrame, scan: Scan) -> list[tuple[int, int, int, int]]:
    """The merged places whose cell says something, cut to what the sheet holds."""
    found, room = [], len(frame) * frame.width
    for top, bottom, left, right in scan.merges:
        if top >= len(frame) or left >= frame.width or not (frame[str(left)][top] or "").strip():
            continue
        bottom, right = min(bottom, len(frame) - 1), min(right, frame.width - 1)
        room -= (bottom - top + 1) * (right - left + 1)
        if room < 0:
            raise Stop("FILE_DAMAGED")
        found.append((top, bottom, left, right))
    return found


def _filled_down(frame: pl.DataFrame, merges: list[tuple[int, int, int, int]]) -> pl.DataFrame:
    """A merged cell's value, marked, in the rows below it; the other cells that it covers hold the mark alone."""
    covered: dict[int, list[tuple[int, int, int]]] = {}
    for top, bottom, left, right in merges:
        if bottom > top:
            covered.setdefault(left, []).append((top + 1, bottom + 1, top))
        for column in range(left + 1, right + 1):
            covered.setdefault(column, []).append((top, bottom + 1, -1))
    return frame.with_columns(_filled_column(frame[str(column)], spans) for column, spans in covered.items())


def _filled_column(cells: pl.Series, spans: list[tuple[int, int, int]]) -> pl.Series:
    """`spans`: first row, row after the last, row of the value (-1: there is none)."""
    table = pl.DataFrame(spans, schema={"start": pl.Int64, "end": pl.Int64, "source": pl.Int64}, orient="row")
    rows = table.select("source", row=pl.int_ranges("start", "end")).explode("row").unique("row", keep="first")
    values = cells.gather(rows["source"].clip(0)).fill_null("")
    values = rows.select(
        value=pl.lit("\x1aM") + pl.when(pl.col("source") >= 0).then(values).otherwise(pl.lit(""))
    )["value"]
    return cells.scatter(rows["row"], values)


if __name__ == "__main__":
    sys.exit(main())
