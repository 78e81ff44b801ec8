"""XLSX and XLS files as sheets and chunks; the file itself is opened in a child process with limits, never in this one."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from intake.columns import Column
from intake.findings import FileFinding
from intake.readers.merges import Merged
from intake.readers.rows import Screen
from intake.readers.seen import SheetSeen, seen_of
from intake.readers.sniffing import FileRefused, Limits, Source, opened, refuse
from intake.readers.table import (
    ANY_MARK,
    CELL_BREAK,
    MERGE_MARK,
    NUMERIC_MARK,
    Header,
    Piece,
    RawChunk,
    Sheet,
    find_header,
    header_findings,
    keyed,
    refused_header,
    regrouped,
)

# Sheets of our own blank template that hold no rows.
NOTES_SHEET, CHOICES_SHEET = "填写说明", "选项"
_CHILD = Path(__file__).resolve().parent.parent / "readers_child"


#: What the child says of a sheet: name, visible, rows, formulas, merged places, first rows.
Told: TypeAlias = dict[str, Any]


class Several(StrEnum):
    """What to do when several sheets hold rows and nobody chose among them."""

    ALL = "all"
    ASK = "ask"


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
    """A workbook whose headers have been found; all sheets with the needed headings are read as one.

    `sheets` are the ones that are read; `findings` are warnings, complete once the last chunk was given; an error
    raised `FileRefused` before.
    """

    def __init__(
        self,
        source: Source,
        columns: Sequence[Column],
        *,
        aliases: Mapping[str, str] | None,
        chosen: Sequence[str] | None,
        several: Several,
        limits: Limits,
    ) -> None:
        self._source, self._columns, self._limits = source, tuple(columns), limits
        self.sheets: dict[str, Sheet] = {}
        self.findings: list[FileFinding] = []
        self._opening: list[FileFinding] = []
        self._merged: dict[str, Merged] = {}
        self._parser: _Parser | None = None
        self._names: list[str] = []
        self._total = 0
        self.seen: list[SheetSeen] = []
        parser = self._started()
        try:
            self._choose(parser, aliases, chosen, several)
        except FileRefused as refused:
            refused.seen = self.seen
            self.close()
            raise
        except BaseException:
            self.close()
            raise

    def _started(self) -> _Parser:
        self.close()
        self._parser = _Parser(self._source, self._limits)
        return self._parser

    def _choose(
        self, parser: _Parser, aliases: Mapping[str, str] | None, chosen: Sequence[str] | None, several: Several
    ) -> None:
        told = parser.message()["sheets"]
        self._names = [sheet["name"] for sheet in told]
        filled = [sheet for sheet in told if sheet["rows"] and sheet["name"] not in (NOTES_SHEET, CHOICES_SHEET)]
        if not filled:
            raise refuse("EMPTY")
        headed = {sheet["name"]: self._headed(sheet, aliases) for sheet in filled}
        wanted = self._wanted(filled, headed, chosen, several)
        self._opening = [
            FileFinding("SHEET_HIDDEN", sheet["name"])
            for sheet in filled
            if chosen is None and not sheet["visible"] and headed[sheet["name"]].match.usable
        ]
        skipped = [headed[sheet["name"]] for sheet in wanted if headed[sheet["name"]].match.missing]
        for sheet in wanted:
            self._take(sheet, headed[sheet["name"]])
        self.seen = [replace(sheet, read=sheet.name in self.sheets) for sheet in self.seen]
        if not self.sheets:
            best = max(skipped, key=lambda sheet: len(sheet.match.mapping), default=None)
            if best is not None:
                raise refused_header(best.match, best.name)
            raise FileRefused(*self._opening) if self._opening else refuse("EMPTY")
        self._opening += [FileFinding("SHEET_SKIPPED", sheet.name) for sheet in skipped]
        self.findings = list(self._opening)

    def _wanted(
        self, filled: Sequence[Told], headed: Mapping[str, Sheet], chosen: Sequence[str] | None, several: Several
    ) -> list[Told]:
        """The chosen sheets, else the ones that a person sees; refused where the choice is open or names nothing."""
        if chosen is not None:
            wanted = [sheet for sheet in filled if sheet["name"] in chosen]
            if not wanted:
                raise refuse("CHOOSE_SHEET", "、".join(sheet["name"] for sheet in filled))
            return wanted
        wanted = [sheet for sheet in filled if sheet["visible"]]
        usable = [sheet["name"] for sheet in wanted if headed[sheet["name"]].match.usable]
        if several is Several.ASK and len(usable) > 1:
            raise refuse("CHOOSE_SHEET", "、".join(usable))
        return wanted

    def _take(self, told: Told, sheet: Sheet) -> None:
        if sheet.match.twice:
            raise refused_header(sheet.match, sheet.name)
        if sheet.match.missing:
            return
        self.sheets[sheet.name] = sheet
        self._merged[sheet.name] = Merged(told["merged"], sheet, self._columns)
        self._total += told["rows"]
        if told["formulas"]:
            self._opening.append(FileFinding("FORMULA_VALUE", str(told["formulas"]), sheet.name))
        self._opening += header_findings(sheet.match, sheet.name)

    def _headed(self, told: Told, aliases: Mapping[str, str] | None) -> Sheet:
        rows = [[_heading_of(cell) for cell in cells] for _, cells in told["head"]]
        header = find_header(rows, self._columns, aliases)
        upper = [cells for _, cells in told["head"][: header.last + 1]]
        # As they stand, and without what merged cells repeat: a page further down has them copied, with or without its merges.
        above = tuple(
            CELL_BREAK.join(form(cell) or "" for cell in cells) for cells in upper for form in (_unmarked, _heading_of)
        )
        self.seen.append(seen_of(told["name"], rows, header, count=_below(told, header), hidden=not told["visible"]))
        return Sheet(told["name"], header.headings, told["head"][header.last][0], header.match, CELL_BREAK, above)

    def chunks(self, *, rows_per_chunk: int = 100_000, start_chunk: int = 0) -> Iterator[RawChunk]:
        """Chunks numbered from 0 over all sheets; the file is parsed as a whole, also for a later start."""
        screens = {name: Screen(sheet, self._columns, _cells_of) for name, sheet in self.sheets.items()}
        number = -1
        for number, piece in enumerate(regrouped(self._rows(screens), rows_per_chunk, self._limits.rows)):
            if number >= start_chunk:
                yield RawChunk(number, piece.frame, piece.done, self._total)
        if number < 0:
            raise refuse("NO_ROWS")
        told = [screen.findings + self._merged[name].findings for name, screen in screens.items()]
        self.findings = [*self._opening, *chain.from_iterable(told)]

    def close(self) -> None:
        """Ends the child process, finished or not."""
        if self._parser is not None:
            self._parser.close()
            self._parser = None

    def _rows(self, screens: Mapping[str, Screen]) -> Iterator[Piece]:
        parser, self._parser = self._parser, None
        if parser is None:
            parser = _Parser(self._source, self._limits)
            parser.message()
        for merged in self._merged.values():
            merged.filled = 0
        done = 0
        try:
            for position, rows in parser.rows():
                sheet = self.sheets.get(self._names[position])
                if sheet is not None:
                    done += len(rows)
                    yield Piece(self._frame(rows, sheet, screens[sheet.name]), done)
        finally:
            parser.close()

    def _frame(self, rows: pl.DataFrame, sheet: Sheet, screen: Screen) -> pl.DataFrame:
        rows = rows.filter(pl.col("line") > sheet.header_line)
        cells = [pl.col(name) for name in rows.columns if name != "line"]
        shown = rows.select(*map(_as_shown, cells)) if rows.select(_inexact(cells)).item() else rows.select(cells)
        unmarked = shown.select(pl.concat_str(pl.all().fill_null("").str.replace(ANY_MARK, ""), separator=CELL_BREAK).alias("raw"))
        rows = screen.kept(rows.with_columns(unmarked))
        merged = self._merged[sheet.name]
        rows = merged.judged(rows)
        return rows.select(
            pl.lit(sheet.name).alias("sheet"),
            "line",
            "raw",
            "broken",
            "broken_extra",
            *(
                pl.when(pl.col("broken").is_null()).then(cell).alias(column.key)
                for column, cell in zip(self._columns, keyed(rows, sheet, self._columns), strict=True)
            ),
        )


def _inexact(cells: Sequence[pl.Expr]) -> pl.Expr:
    """Whether any cell held a number of more digits than a number keeps."""
    return pl.any_horizontal(pl.lit(value=False), *(cell.str.starts_with(NUMERIC_MARK).any() for cell in cells))


def _as_shown(cell: pl.Expr) -> pl.Expr:
    """Such a number as the workbook shows it, 6.22848E+18: its last digits are made up, and a row that is given back and
    sent again as it is must be refused again."""
    digits = cell.str.strip_prefix(NUMERIC_MARK)
    power = (digits.str.len_chars() - 1).cast(pl.String)
    shown = digits.str.slice(0, 1) + pl.lit(".") + digits.str.slice(1, 14) + pl.lit("E+") + power
    return pl.when(cell.str.starts_with(NUMERIC_MARK) & digits.str.contains("^[0-9]{16,}$")).then(shown).otherwise(cell)


def _heading_of(cell: str | None) -> str | None:
    """A heading without the reader's marks; what merged cells repeat is no heading."""
    return None if cell is None or cell.startswith(MERGE_MARK) else re.sub(ANY_MARK, "", cell)


def _below(told: Told, header: Header) -> int:
    """Rows below what was taken for the header."""
    return max(int(told["rows"]) - (header.last + 1 if header.match.mapping else 0), 0)


def _unmarked(cell: str | None) -> str:
    return re.sub(ANY_MARK, "", cell or "")


def _cells_of(raw: str) -> list[str]:
    return raw.split(CELL_BREAK)
