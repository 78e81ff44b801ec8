"""Draws a letter: as PDF with the papers' font, as DOCX that any office program opens. Knows no claim.

DOCX is written by hand: a letter is paragraphs and one table, and needs no library (ECMA-376, part 1).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

from claims.rules.letter_text import LetterText, Part
from papers.font import face
from papers.pdf import Document, Sheet

A4 = (595.28, 841.89)
_LEFT, _TOP, _BOTTOM, _WIDTH = 68.0, 762.0, 72.0, 459.0
_INK, _QUIET = (0.1, 0.12, 0.14), (0.4, 0.44, 0.47)
_SIZE, _LEADING = 11.5, 21.0
_SMALL, _SMALL_LEADING = 10.0, 17.0
HEADINGS = Part("保险责任", "计入金额（元）", "免赔额（元）", "赔付金额（元）")
STEPS_TITLE = "计算说明"
_COLUMNS = (0.0, 250.0, 340.0, 459.0)
#: The same letter gives the same bytes, whenever it is made.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def pdf_of(letter: LetterText) -> bytes:
    """A4, as many pages as it needs."""
    kind = face()
    form = Sheet(kind)
    form.color(*_QUIET)
    form.text(A4[0] / 2, 40, letter.number, size=8, anchor="middle")
    written = Document(kind, title=letter.title, form=form, size=A4)
    for sheet in _Pages(letter).drawn():
        written.page(sheet)
    return written.finished()


class _Pages:
    """A letter drawn from above, page after page."""

    def __init__(self, letter: LetterText) -> None:
        self._letter, self._sheets = letter, [Sheet(face())]
        self._y = _TOP

    def drawn(self) -> list[Sheet]:
        """All pages."""
        letter = self._letter
        self._sheets[-1].color(*_INK)
        self._sheets[-1].text(A4[0] / 2, self._y, letter.title, size=19, bold=True, anchor="middle")
        self._y -= 24
        self._sheets[-1].text(_LEFT + _WIDTH, self._y, letter.number, size=9, anchor="right")
        self._y -= 30
        for at, paragraph in enumerate(letter.paragraphs):
            # The address stands at the margin; what follows begins two characters further in.
            self._paragraph(paragraph if not at else f"　　{paragraph}", size=_SIZE, leading=_LEADING)
        if letter.parts:
            self._table()
        if letter.steps:
            self._y -= 6
            self._line(STEPS_TITLE, size=_SIZE, leading=_LEADING, bold=True)
            for number, step in enumerate(letter.steps, 1):
                self._paragraph(f"{number}. {step}", size=_SMALL, leading=_SMALL_LEADING)
        self._y -= 24
        for line in letter.signed:
            self._room(_LEADING)
            self._sheets[-1].text(_LEFT + _WIDTH, self._y, line, size=_SIZE, anchor="right")
            self._y -= _LEADING
        return self._sheets

    def _paragraph(self, text: str, *, size: float, leading: float) -> None:
        for line in self._sheets[-1].lines(text, size=size, width=_WIDTH):
            self._line(line, size=size, leading=leading)

    def _line(self, text: str, *, size: float, leading: float, bold: bool = False) -> None:
        self._room(leading)
        self._sheets[-1].text(_LEFT, self._y, text, size=size, bold=bold)
        self._y -= leading

    def _table(self) -> None:
        self._y -= 4
        for number, part in enumerate((HEADINGS, *self._letter.parts)):
            names = self._sheets[-1].lines(part.name, size=_SMALL, width=_COLUMNS[1] - 84)
            self._room(_SMALL_LEADING * len(names) + 6)
            sheet = self._sheets[-1]
            sheet.rule(_LEFT, self._y + 13, _WIDTH, weight=0.8 if number < 2 else 0.3)
            for place, cell in zip(_COLUMNS[1:], (part.counted, part.deducted, part.amount), strict=True):
                sheet.text(_LEFT + place, self._y, cell, size=_SMALL, anchor="right", bold=not number)
            for line in names:
                sheet.text(_LEFT, self._y, line, size=_SMALL, bold=not number)
                self._y -= _SMALL_LEADING
        self._sheets[-1].rule(_LEFT, self._y + 13, _WIDTH, weight=0.8)
        self._y -= 8

    def _room(self, height: float) -> None:
        """A new page where this one has no room."""
        if self._y - height < _BOTTOM:
            self._sheets.append(Sheet(face()))
            self._sheets[-1].color(*_INK)
            self._y = _TOP


def docx_of(letter: LetterText) -> bytes:
    """To be read, and edited, in an office program."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("[Content_Types].xml", _CONTENT_TYPES), ("_rels/.rels", _RELATIONS), ("word/document.xml", _document(letter)),
            ("docProps/core.xml", _core(letter.title)),
        ):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}')
    return target.getvalue()


def _document(letter: LetterText) -> str:
    body = "".join(_body(letter))
    page = (
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1440" w:right="1360" w:bottom="1440" w:left="1360" w:header="720" w:footer="720" w:gutter="0"/></w:sectPr>'
    )
    return f'<w:document xmlns:w="{_MAIN}"><w:body>{body}{page}</w:body></w:document>'


def _body(letter: LetterText) -> Iterator[str]:
    yield _said(letter.title, size=38, bold=True, align="center")
    yield _said(letter.number, size=18, align="right")
    for at, paragraph in enumerate(letter.paragraphs):
        yield _said(paragraph, size=23, indent=bool(at))
    if letter.parts:
        yield _table_of(letter)
    if letter.steps:
        yield _said(STEPS_TITLE, size=23, bold=True)
        for number, step in enumerate(letter.steps, 1):
            yield _said(f"{number}. {step}", size=20)
    yield _said("", size=23)
    for line in letter.signed:
        yield _said(line, size=23, align="right")


def _table_of(letter: LetterText) -> str:
    edges = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="8A9299"/>' for side in ("top", "bottom", "insideH"))
    widths = (3780, 1800, 1800, 1800)
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    rows = []
    for number, part in enumerate((HEADINGS, *letter.parts)):
        cells = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
            f'{_said(text, size=20, bold=not number, align="right" if place else "left")}</w:tc>'
            for place, (width, text) in enumerate(zip(widths, (part.name, part.counted, part.deducted, part.amount), strict=True))
        )
        head = "<w:trPr><w:tblHeader/></w:trPr>" if not number else ""
        rows.append(f"<w:tr>{head}{cells}</w:tr>")
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{edges}</w:tblBorders></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _said(text: str, *, size: int, bold: bool = False, align: str = "left", indent: bool = False) -> str:
    """A paragraph; sizes are half points."""
    about = '<w:spacing w:after="80" w:line="360" w:lineRule="auto"/>' + ('<w:ind w:firstLineChars="200"/>' if indent else "")
    fonts = '<w:rFonts w:ascii="Noto Sans CJK SC" w:hAnsi="Noto Sans CJK SC" w:eastAsia="Microsoft YaHei"/>'
    look = f'<w:rPr>{fonts}{"<w:b/>" if bold else ""}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'
    run = f'<w:r>{look}<w:t xml:space="preserve">{escape(_plain(text))}</w:t></w:r>' if text else ""
    return f'<w:p><w:pPr>{about}<w:jc w:val="{align}"/></w:pPr>{run}</w:p>'


def _plain(text: str) -> str:
    """Without signs that XML does not allow."""
    return "".join(sign for sign in text if sign >= " " or sign == "\t")


def _core(title: str) -> str:
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(title)}</dc:title><dc:language>zh-CN</dc:language></cp:coreProperties>"
    )


_CONTENT_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
    '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
)
_RELATIONS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>'
)
