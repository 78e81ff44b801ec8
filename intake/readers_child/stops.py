"""Why the child refuses a file, and what it finds beside the texts of a sheet's cells."""

from __future__ import annotations

from dataclasses import dataclass, field


class Stop(Exception):
    """The file is refused: code, fact, sheet."""

    def __init__(self, code: str, extra: str = "", sheet: str = "") -> None:
        super().__init__(code, extra, sheet)


Place = tuple[int, int]


@dataclass
class Scan:
    """Places (row, column, both from 0) of what the texts of a sheet do not tell; `merges` are first and last row,
    first and last column.

    `blank` are formulas whose result is an empty text: nothing is missing there.
    """

    numbers: set[Place] = field(default_factory=set)
    formulas: set[Place] = field(default_factory=set)
    errors: set[Place] = field(default_factory=set)
    blank: set[Place] = field(default_factory=set)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
