"""Reads a file of regions into checked rows; stores nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from accounts.errors import AccountsRefused
from accounts.models.region import CODE_LENGTHS

#: The edition that comes with the portal.
VENDORED = Path(__file__).parent / "data" / "regions.csv"
COLUMNS = ("code", "name", "valid_from", "valid_to", "successor")


@dataclass(frozen=True)
class RegionRow:
    """One division as a file states it."""

    code: str
    name: str
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str = ""

    @property
    def parent(self) -> str:
        """The code of the level above; "" for a province."""
        place = CODE_LENGTHS.index(len(self.code))
        return self.code[: CODE_LENGTHS[place - 1]] if place else ""


def read_regions(path: Path) -> list[RegionRow]:
    """Rows of a UTF-8 CSV with the columns of COLUMNS; refused with the line of the first fault."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS[:2] if name not in (reader.fieldnames or ())]
        if missing:
            raise AccountsRefused("REGION_FILE_COLUMNS", columns=", ".join(missing))
        return check_rows((number, row) for number, row in enumerate(reader, 2))


def check_rows(lines: Iterable[tuple[int, dict[str, str | None]]]) -> list[RegionRow]:
    """Rows in the order of their codes; every parent stands in the same file or is a province."""
    found: dict[str, tuple[int, RegionRow]] = {}
    for line, cells in lines:
        row = _row(line, {name: (cells.get(name) or "").strip() for name in COLUMNS})
        if row.code in found:
            raise AccountsRefused("REGION_FILE_LINE", line=line, problem=f"{row.code} twice")
        found[row.code] = (line, row)
    return [row for _line, row in sorted(found.values(), key=lambda each: each[1].code)]


def _row(line: int, cells: dict[str, str]) -> RegionRow:
    code, name = cells["code"], cells["name"]
    if not (code.isascii() and code.isdecimal() and len(code) in CODE_LENGTHS):
        raise AccountsRefused("REGION_FILE_LINE", line=line, problem=f"code {code!r}")
    if not name or len(name) > 100:
        raise AccountsRefused("REGION_FILE_LINE", line=line, problem=f"{code}: name")
    try:
        begins, ends = (date.fromisoformat(cells[key]) if cells[key] else None for key in ("valid_from", "valid_to"))
    except ValueError:
        raise AccountsRefused("REGION_FILE_LINE", line=line, problem=f"{code}: date") from None
    if begins and ends and ends <= begins:
        raise AccountsRefused("REGION_FILE_LINE", line=line, problem=f"{code}: valid_to")
    return RegionRow(code, name, begins, ends, cells["successor"])


def full_names(rows: Sequence[RegionRow], known: dict[str, str]) -> dict[str, str]:
    """Names from the province down, by code; `known` are full names of regions that the file does not hold."""
    names = dict(known)
    for row in sorted(rows, key=lambda each: len(each.code)):
        names[row.code] = names.get(row.parent, "") + row.name if row.name not in ("市辖区", "县") or len(row.code) > 4 else (
            names.get(row.parent, "")
        )
    return names
