"""Rows that are nobody's: totals, signatures and notes, headings printed again; they are left out and told of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import polars as pl

from intake.columns import Column, fold_header
from intake.findings import FileFinding
from intake.readers.table import Sheet

_BLANK = r"\s\u{a0}\u{3000}\u{feff}\"'"
# How such a cell may begin, blanks between its characters allowed; a cheap look before the exact one.
_CANDIDATES = (
    "[合小总共累] *计|填 *[表报]|制 *[表单]|审 *[核批]|复 *核|经 *办|负 *责|主 *管|领 *导|盖 *章|公 *章|签 *[字名章]|备 *注"
    "|说 *明|注 *[:\uff1a]"
)
_TOTAL = re.compile(r"(?:.{0,12}[^:])?(?:合计|小计|总计|共计|累计)(?:[:(0-9].*|人数.*|户数.*|金额.*)?")
_ROLES = "填[表报]|制[表单]|审[核批]|复核|经办|(?:分管|主管)?(?:负责|领导)|主管|(?:单位)?(?:盖章|公章)|签[字名章]"
_NOTE = re.compile(
    rf"(?:填报|制表|主管|负责)?(?:单位|部门)?(?:{_ROLES}|备注|说明|注)(?:人|员|单位|部门|日期|时间|意见)*(?:\(.*?\))*(?:[:;].*)?"
)
_COUNT = re.compile(r"共?[0-9][0-9,]{0,6}(?:\.[0-9]+)?(?:人|户|元|名|口|次)?")
_SHOWN = 10


class Screen:
    """Looks at the rows below a header once, in their order; `findings` then says what was left out, by line."""

    def __init__(self, sheet: Sheet, columns: Sequence[Column], split: Callable[[str], list[str]]) -> None:
        self._sheet, self._split = sheet, split
        places = sheet.match.mapping
        self._required = [places[column.key] for column in columns if column.required and column.key in places]
        self._headings = {place: fold_header(sheet.headers[place]) for place in places.values()}
        self._left_out: dict[str, list[int]] = {"TOTAL_ROWS": [], "NOTE_ROWS": [], "HEADER_REPEATED": []}
        cut = re.escape(sheet.delimiter)
        self._candidates = rf"^[{cut}{_BLANK}]*(?:[0-9]{{1,7}}[{cut}{_BLANK}]+)?[^{cut}]{{0,14}}?(?:{_CANDIDATES})"
        self._heading = sheet.headers[self._required[0]] if self._required else ""

    def kept(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame (with `line` and `raw`) without the rows that are nobody's."""
        raw = frame["raw"]
        doubtful = raw.str.contains(self._candidates) | raw.is_in(list(self._sheet.above))
        if self._heading:
            doubtful |= raw.str.contains(self._heading, literal=True)
        if not doubtful.any():
            return frame
        gone = [line for line, text in frame.filter(doubtful).select("line", "raw").rows() if self._told(line, text)]
        return frame.filter(~pl.col("line").is_in(gone)) if gone else frame

    @property
    def findings(self) -> list[FileFinding]:
        return [FileFinding(code, _listed(lines), self._sheet.name) for code, lines in self._left_out.items() if lines]

    def _told(self, line: int, raw: str) -> bool:
        code = self._code(raw)
        if code:
            self._left_out[code].append(line)
        return code is not None

    def _code(self, raw: str) -> str | None:
        if raw in self._sheet.above:
            return "HEADER_REPEATED"
        cells = [fold_header(cell) for cell in self._split(raw)]
        again = sum(place < len(cells) and cells[place] == word for place, word in self._headings.items())
        if again and again >= len(self._headings) / 2:
            return "HEADER_REPEATED"
        filled = [place for place, cell in enumerate(cells) if cell]
        # The first cell that says something: a running number before it does not.
        first = next((place for place in filled if not cells[place].isdecimal()), None)
        if first is None or self._names_a_person(cells, first):
            return None
        if _TOTAL.fullmatch(cells[first]):
            return "TOTAL_ROWS"
        return "NOTE_ROWS" if _NOTE.fullmatch(cells[first]) else None

    def _names_a_person(self, cells: Sequence[str], first: int) -> bool:
        """Whether more than half of the required cells beside the word itself hold something other than a count."""
        said = [
            place
            for place in self._required
            if place != first and place < len(cells) and cells[place] and not _COUNT.fullmatch(cells[place])
        ]
        return len(said) > (len(self._required) - 1) // 2


def _listed(lines: Sequence[int]) -> str:
    shown = "、".join(str(line) for line in lines[:_SHOWN])
    return f"{shown} … ({len(lines)})" if len(lines) > _SHOWN else shown
