"""XLSX files as sheets and chunks; the file itself is opened in a child process with limits, never in this one."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from intake.columns import Column
from intake.findings import FileFinding
from intake.readers.sniffing import Limits, Source, opened, refuse
from intake.readers.table import (
    CELL_BREAK,
    Piece,
    RawChunk,
    Sheet,
    find_header,
    header_findings,
    keyed,
    refused_header,
    regrouped,
    trimmed,
)

# Sheets of our own blank template that hold no rows.
NOTES_SHEET, CHOICES_SHEET = "填写说明", "选项"
_CHILD = Path(__file__).resolve().parent.parent / "readers_child.py"


class _Parser:
    """The child process and the frames it sends."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._limits = limits
        self._received = 0
        self._process = subprocess.Popen(  # noqa: S603 - our own script, no shell
            [sys.executable, "-P", str(_CHILD), json.dumps(asdict(limits))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={"POLARS_MAX_THREADS": "2", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        self._timer = threading.Timer(limits.wall_seconds, self._process.kill)
        self._timer.daemon = True
        self._timer.start()
        self._feed(source)

    def _feed(self, source: Source) -> None:
        """The child reads everything before it answers; one that gave up says why, or is told by its end."""
        assert self._process.stdin is not None
        with opened(source) as stream:
            try:
                shutil.copyfileobj(stream, self._process.stdin, 1024**2)
                self._process.stdin.close()
            except BrokenPipeError:
                return

    def message(self) -> dict[str, Any]:
        kind, payload = self._frame()
        if kind != b"J":
            raise refuse("FILE_DAMAGED")
        return self._told(payload)

    def rows(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Position of the sheet and a slice of its rows, until the child says it is done."""
        while True:
            kind, payload = self._frame()
            if kind == b"J":
                self._told(payload)
                return
            yield int.from_bytes(payload[:4], "big"), pl.read_ipc_stream(io.BytesIO(payload[4:]))

    def close(self) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue

    def _told(self, payload: bytes) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(payload)
        if "refused" in message:
            code, extra, sheet = message["refused"]
            raise refuse(code, extra, sheet)
        return message

    def _frame(self) -> tuple[bytes, bytes]:
        assert self._process.stdout is not None
        head = self._process.stdout.read(9)
        size = int.from_bytes(head[1:], "big")
        self._received += size
        if self._received > self._limits.output:
            raise refuse("TOO_BIG_UNPACKED", f"{self._limits.output // 1024**2} MB")
        payload = self._process.stdout.read(size) if len(head) == 9 else b""
        if len(head) < 9 or len(payload) < size:
            raise refuse("TOO_BIG_UNPACKED" if self._was_stopped() else "FILE_DAMAGED")
        return head[:1], payload

    def _was_stopped(self) -> bool:
        """Whether a signal ended the child: a limit of time or memory, not a bad file."""
        return self._process.wait() < 0


class WorkbookTable:
    """An XLSX file whose headers have been found; all sheets with the needed headings are read as one.

    `sheets` are the ones that are read; `findings` are warnings, an error raised `FileRefused` before.
    """

    def __init__(
        self,
        source: Source,
        columns: Sequence[Column],
        *,
        aliases: Mapping[str, str] | None,
        chosen: Sequence[str] | None,
        limits: Limits,
    ) -> None:
        self._source, self._columns, self._limits = source, tuple(columns), limits
        self.sheets: dict[str, Sheet] = {}
        self.findings: list[FileFinding] = []
        self._parser: _Parser | None = None
        self._names: list[str] = []
        self._total = 0
        parser = self._started()
        try:
            self._choose(parser, aliases, chosen)
        except BaseException:
            self.close()
            raise

    def _started(self) -> _Parser:
        self.close()
        self._parser = _Parser(self._source, self._limits)
        return self._parser

    def _choose(self, parser: _Parser, aliases: Mapping[str, str] | None, chosen: Sequence[str] | None) -> None:
        sheets = parser.message()["sheets"]
        self._names = [sheet["name"] for sheet in sheets]
        filled = [sheet for sheet in sheets if sheet["rows"] and sheet["name"] not in (NOTES_SHEET, CHOICES_SHEET)]
        if not filled:
            raise refuse("EMPTY")
        refused: list[Sheet] = []
        for told in filled:
            sheet = self._headed(told, aliases)
            wanted = told["name"] in chosen if chosen is not None else told["visible"]
            if wanted and sheet.match.usable:
                self.sheets[sheet.name] = sheet
                self._total += told["rows"]
                if told["formulas"]:
                    self.findings.append(FileFinding("FORMULA_VALUE", str(told["formulas"]), sheet.name))
                self.findings += header_findings(sheet.match, sheet.name)
            elif wanted and sheet.match.twice:
                raise refused_header(sheet.match, sheet.name)
            elif chosen is None:
                refused.append(sheet)
        if not self.sheets:
            best = max(refused, key=lambda sheet: len(sheet.match.mapping), default=None)
            raise refuse("EMPTY") if best is None else refused_header(best.match, best.name)
        self.findings += [FileFinding("SHEET_SKIPPED", sheet.name) for sheet in refused]

    def _headed(self, told: dict[str, Any], aliases: Mapping[str, str] | None) -> Sheet:
        rows = [cells for _, cells in told["head"]]
        position, match = find_header(rows, self._columns, aliases)
        return Sheet(told["name"], trimmed(rows[position]), told["head"][position][0], match, CELL_BREAK)

    def chunks(self, *, rows_per_chunk: int = 100_000, start_chunk: int = 0) -> Iterator[RawChunk]:
        """Chunks numbered from 0 over all sheets; the file is parsed as a whole, also for a later start."""
        number = -1
        for number, piece in enumerate(regrouped(self._rows(), rows_per_chunk, self._limits.rows)):
            if number >= start_chunk:
                yield RawChunk(number, piece.frame, piece.done, self._total)
        if number < 0:
            raise refuse("NO_ROWS")

    def close(self) -> None:
        """Ends the child process, finished or not."""
        if self._parser is not None:
            self._parser.close()
            self._parser = None

    def _rows(self) -> Iterator[Piece]:
        parser, self._parser = self._parser, None
        if parser is None:
            parser = _Parser(self._source, self._limits)
            parser.message()
        done = 0
        try:
            for position, rows in parser.rows():
                sheet = self.sheets.get(self._names[position])
                if sheet is not None:
                    done += len(rows)
                    yield Piece(self._frame(rows, sheet), done)
        finally:
            parser.close()

    def _frame(self, rows: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
        rows = rows.filter(pl.col("line") > sheet.header_line)
        cells = rows.drop("line")
        unmarked = [pl.col(name).fill_null("").str.replace("^\x1a[NF]", "") for name in cells.columns]
        return rows.select(
            pl.lit(sheet.name).alias("sheet"),
            "line",
            pl.concat_str(unmarked, separator=CELL_BREAK).alias("raw"),
            pl.lit(None, dtype=pl.String).alias("broken"),
            pl.lit(None, dtype=pl.String).alias("broken_extra"),
            *keyed(cells, sheet, self._columns),
        )
