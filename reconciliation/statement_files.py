"""A statement as a paper; the same statement gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence

from exports.tables import Table, said
from papers.font import face
from papers.pdf import Document, Sheet

A4_WIDE = (841.89, 595.28)
_LEFT, _TOP, _BOTTOM, _WIDTH = 48.0, 540.0, 56.0, 745.0
_INK, _QUIET = (0.1, 0.12, 0.14), (0.4, 0.44, 0.47)
_SIZE, _LEADING = 9.5, 16.0
_LABEL = 0.3


def paper_of(tables: Sequence[Table], facts: Sequence[tuple[str, str]], *, title: str, foot: str) -> bytes:
    """A4, lying, as many pages as it needs; `foot` stands on each."""
    kind = face()
    form = Sheet(kind)
    form.color(*_QUIET)
    form.text(A4_WIDE[0] / 2, 30, foot, size=8, anchor="middle")
    written = Document(kind, title=title, form=form, size=A4_WIDE)
    for sheet in _Pages().drawn(tables, facts, title=title):
        written.page(sheet)
    return written.finished()


class _Pages:
    """Drawn from above, page after page."""

    def __init__(self) -> None:
        self._sheets: list[Sheet] = []
        self._turn()

    def drawn(self, tables: Sequence[Table], facts: Sequence[tuple[str, str]], *, title: str) -> list[Sheet]:
        """All pages."""
        self._page.text(A4_WIDE[0] / 2, self._y, title, size=17, bold=True, anchor="middle")
        self._y -= 30
        for name, value in facts:
            for at, line in enumerate(self._page.lines(value, size=_SIZE, width=_WIDTH * 0.75) or [""]):
                self._room(_LEADING)
                if not at:
                    self._page.text(_LEFT, self._y, name, size=_SIZE)
                self._page.text(_LEFT + _WIDTH * 0.22, self._y, line, size=_SIZE)
                self._y -= _LEADING
        for table in tables:
            self._table(table)
        return self._sheets

    @property
    def _page(self) -> Sheet:
        return self._sheets[-1]

    def _table(self, table: Table) -> None:
        self._room(5 * _LEADING)
        self._y -= 12
        self._page.text(_LEFT, self._y, table.title, size=12, bold=True)
        self._y -= 6 + _LEADING
        self._line(table.first, table.headings, bold=True)
        for name, cells in table.lines:
            self._line(name, [said(cell) for cell in cells])
        if table.total is not None:
            self._line(table.total[0], [said(cell) for cell in table.total[1]], bold=True)
        self._page.rule(_LEFT, self._y + 11, _WIDTH, weight=0.8)
        if table.remark:
            for line in self._page.lines(table.remark, size=8.5, width=_WIDTH):
                self._room(_LEADING)
                self._page.text(_LEFT, self._y, line, size=8.5)
                self._y -= _LEADING

    def _line(self, name: str, cells: Sequence[str], *, bold: bool = False) -> None:
        broad = _WIDTH * (1 - _LABEL) / max(len(cells), 1)
        parts = [self._page.lines(name, size=_SIZE, width=_WIDTH * _LABEL - 8)]
        parts += [self._page.lines(cell, size=_SIZE, width=broad - 6) for cell in cells]
        height = _LEADING * max((len(part) for part in parts), default=1)
        self._room(height)
        self._page.rule(_LEFT, self._y + 11, _WIDTH, weight=0.8 if bold else 0.3)
        for at, part in enumerate(parts):
            for number, line in enumerate(part):
                y = self._y - number * _LEADING
                if at:
                    self._page.text(_LEFT + _WIDTH * _LABEL + at * broad, y, line, size=_SIZE, anchor="right", bold=bold)
                else:
                    self._page.text(_LEFT, y, line, size=_SIZE, bold=bold)
        self._y -= height

    def _room(self, height: float) -> None:
        if self._y - height < _BOTTOM:
            self._turn()

    def _turn(self) -> None:
        self._sheets.append(Sheet(face()))
        self._page.color(*_INK)
        self._y = _TOP
