"""Reads a file of regions into checked rows; stores nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.utils.translation import gettext as _

from accounts.errors import AccountsRefused
from accounts.models.region import CODE_LENGTHS

#: The edition that comes with the portal.
VENDORED = Path(__file__).parent / "data" / "regions.csv"
COLUMNS = ("code", "name", "valid_from", "valid_to", "successor")
# Cities that exist on paper only, to be the parent of what a province governs directly; no address names them.
_ON_PAPER = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "海南省直辖行政单位")


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One division as a file states it; `line` is where (0: not from a file)."""

    code: str
    name: str
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str = ""
    line: int = field(default=0, compare=False)

    @property
    def parent(self) -> str:
        """The code of the level above; "" for a province."""
        return parent_of(self.code)


def parent_of(code: str) -> str:
    """The code of the level above; "" for a province."""
    place = CODE_LENGTHS.index(len(code))
    return code[: CODE_LENGTHS[place - 1]] if place else ""


def read_regions(path: Path) -> list[RegionRow]:
    """Rows of a UTF-8 CSV with the columns of COLUMNS; refused with the line of the first fault."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = _Lines(file)
        reader = csv.DictReader(lines, strict=True)
        try:
            missing = [name for name in COLUMNS[:2] if name not in (reader.fieldnames or ())]
            if missing:
                raise AccountsRefused("REGION_FILE_COLUMNS", columns=", ".join(missing))
            return check_rows((lines.read, row) for row in reader)
        except csv.Error:
            raise _refused(lines.read, _("quotes or separators are broken")) from None


class _Lines:
    """A file's lines, counted; what is not UTF-8 is refused with its line."""

    def __init__(self, file: Iterable[str]) -> None:
        self._file, self.read = iter(file), 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.read += 1
        try:
            return next(self._file)
        except UnicodeDecodeError:
            # The text layer decodes ahead: the fault lies on this line or on a later one.
            raise _refused(self.read, _("from here on there is text that is not UTF-8")) from None


def check_rows(lines: Iterable[tuple[int, Mapping[str | None, object]]]) -> list[RegionRow]:
    """Rows in the order of their codes, each code once; parents and successors may stand elsewhere."""
    found: dict[str, RegionRow] = {}
    for line, cells in lines:
        if None in cells:
            raise _refused(line, _("there are more cells than headings"))
        row = _row(line, {name: str(cells.get(name) or "").strip() for name in COLUMNS})
        if row.code in found:
            raise _refused(line, _("%(code)s stands on line %(line)d already") % {
                "code": row.code, "line": found[row.code].line,
            })
        found[row.code] = row
    return sorted(found.values(), key=lambda row: row.code)


def _row(line: int, cells: dict[str, str]) -> RegionRow:
    code, name, successor = cells["code"], cells["name"], cells["successor"]
    if not _is_code(code):
        raise _refused(line, _("a code has 2, 4, 6, 9 or 12 digits, not “%(code)s”") % {"code": code[:20]})
    if not name or len(name) > 100:
        raise _refused(line, _("%(code)s needs a name of at most 100 characters") % {"code": code})
    begins, ends = (_day(line, cells[key]) for key in ("valid_from", "valid_to"))
    if begins and ends and ends <= begins:
        raise _refused(line, _("%(code)s ends before it begins") % {"code": code})
    if successor and (not _is_code(successor) or len(successor) != len(code) or successor == code):
        raise _refused(line, _("“%(successor)s” cannot succeed %(code)s") % {"successor": successor[:20], "code": code})
    if successor and ends is None:
        raise _refused(line, _("%(code)s has a successor but does not end") % {"code": code})
    return RegionRow(code, name, begins, ends, successor, line)


def _is_code(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) in CODE_LENGTHS


def _day(line: int, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _refused(line, _("“%(text)s” is no day like 2025-01-31") % {"text": text[:20]}) from None


def _refused(line: int, problem: str) -> AccountsRefused:
    return AccountsRefused("REGION_FILE_LINE", line=line, problem=problem)


def full_name(code: str, names: Mapping[str, str]) -> str:
    """Names from the province down to the region; places on paper and repetitions (东莞市东莞市) say nothing."""
    parts: list[str] = []
    for length in CODE_LENGTHS:
        above = code[:length]
        if length >= len(code):
            break
        name = names.get(above, "")
        if name and not (length == 4 and name in _ON_PAPER) and name not in parts[-1:]:
            parts.append(name)
    own = names[code]
    return "".join(parts if own in parts[-1:] else [*parts, own])
