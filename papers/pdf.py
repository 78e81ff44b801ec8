"""PDF files of many like pages: one form that all of them show, and what each adds. Knows no certificate and no person.

Written by hand, since no library in reach embeds a part of a font whose outlines are CFF: see ADR 26. ISO 32000-1.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from papers.font import EM, Face

#: A sheet of A5, lying, in points.
A5_WIDE = (595.28, 419.53)
_LEVEL = 6
#: Signs that begin no line: they may stand a little beyond its end instead.
_NEVER_FIRST = "。,、;:!?)》」』”’·,.;:!?)"
#: An upright sans serif that holds all characters (table 123: symbolic).
_FLAGS = 4


class Sheet:
    """Marks on a page, or on the form behind all pages; the origin is below on the left, lengths are points."""

    def __init__(self, face: Face) -> None:
        self._face, self._marks = face, list[bytes]()
        self.signs: set[str] = set()

    def text(self, x: float, y: float, text: str, *, size: float, bold: bool = False, anchor: str = "left") -> None:
        """One line; `anchor`: what of it stands at x."""
        spelled = self._face.spelled(text)
        self.signs.update(spelled)
        if anchor != "left":
            x -= self._face.length(spelled, size) / (2 if anchor == "middle" else 1)
        # No second font for what is bold: its outlines are drawn as well.
        heavy = f"2 Tr {size / 40:.2f} w " if bold else "0 Tr "
        self._marks.append(f"BT /F {size:g} Tf {heavy}{x:.2f} {y:.2f} Td <{self._face.coded(spelled)}> Tj ET\n".encode())

    def fitted(self, x: float, y: float, text: str, *, size: float, width: float) -> None:
        """One line, smaller where it would be longer than `width`."""
        length = self._face.length(self._face.spelled(text), size)
        self.text(x, y, text, size=size if length <= width else size * width / length)

    def paragraph(self, x: float, y: float, text: str, *, size: float, width: float, leading: float, most: int) -> int:
        """Lines of at most `width` from y downward, broken between any two characters; how many there were."""
        lines = self.lines(text, size=size, width=width)
        for number, line in enumerate(lines[:most]):
            self.text(x, y - number * leading, line, size=size)
        return min(len(lines), most)

    def lines(self, text: str, *, size: float, width: float) -> list[str]:
        """A text broken into lines; its own line breaks are kept."""
        found = []
        for part in text.splitlines():
            line = ""
            for sign in self._face.spelled(part):
                if line and sign not in _NEVER_FIRST and self._face.length(line + sign, size) > width:
                    found.append(line)
                    line = ""
                line += sign
            found.append(line)
        return found

    def rule(self, x: float, y: float, width: float, *, weight: float = 0.5) -> None:
        """A line to the right."""
        self._marks.append(f"{weight:g} w {x:.2f} {y:.2f} m {x + width:.2f} {y:.2f} l S\n".encode())

    def frame(self, x: float, y: float, width: float, height: float, *, weight: float) -> None:
        """A rectangle's edges."""
        self._marks.append(f"{weight:g} w {x:.2f} {y:.2f} {width:.2f} {height:.2f} re S\n".encode())

    def color(self, red: float, green: float, blue: float) -> None:
        """Of whatever follows."""
        tone = f"{red:g} {green:g} {blue:g}"
        self._marks.append(f"{tone} rg {tone} RG\n".encode())

    def squares(self, x: float, y: float, side: float, rows: Sequence[Sequence[int]]) -> None:
        """A pattern of dark squares (a QR code) as one mask of bits: no seams between them."""
        count = len(rows)
        padded = (count + 7) // 8 * 8
        bits = b"".join(
            (int("".join("1" if dark else "0" for dark in row), 2) << padded - count).to_bytes(padded // 8, "big") for row in rows
        )
        head = f"q {side:g} 0 0 {side:g} {x:.2f} {y:.2f} cm BI /W {count} /H {count} /IM true /BPC 1 /D [1 0] /F /AHx ID "
        self._marks.append(head.encode() + bits.hex().encode() + b">\nEI Q\n")

    def content(self) -> bytes:
        """The marks as a stream."""
        return b"".join(self._marks)


class Document:
    """A file being written: pages are packed as they come, the font last, when it is known which characters it needs."""

    _CATALOG, _PAGES, _FONT, _FORM, _INFO = 1, 2, 3, 4, 5
    _DESCENDANT, _DESCRIPTOR, _OUTLINES, _TO_UNICODE = 6, 7, 8, 9

    def __init__(self, face: Face, *, title: str, form: Sheet, size: tuple[float, float] = A5_WIDE) -> None:
        self._face, self._title, self._size = face, title, size
        self._parts = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"]
        self._at = len(self._parts[0])
        self._places: dict[int, int] = {}
        self._next = 10
        self._kids: list[int] = []
        self._signs = set(form.signs)
        box = f"0 0 {size[0]:g} {size[1]:g}"
        self._stream(
            self._FORM, form.content(), f"/Type /XObject /Subtype /Form /BBox [{box}] /Resources << /Font << /F 3 0 R >> >>"
        )

    def page(self, sheet: Sheet) -> None:
        """One more page: the form, and these marks."""
        self._signs |= sheet.signs
        content, page = self._next, self._next + 1
        self._next += 2
        self._stream(content, b"/B Do\n" + sheet.content())
        box = f"0 0 {self._size[0]:g} {self._size[1]:g}"
        self._object(
            page,
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents {content} 0 R "
            "/Resources << /Font << /F 3 0 R >> /XObject << /B 4 0 R >> >> >>",
        )
        self._kids.append(page)

    def finished(self) -> bytes:
        """The whole file."""
        face = self._face
        signs = sorted(self._signs)
        self._stream(self._OUTLINES, face.part(signs), "/Subtype /CIDFontType0C")
        self._stream(self._TO_UNICODE, _unicode_of(face, signs))
        name = "/AAAAAA+NotoSansCJK"
        self._object(
            self._FONT,
            f"<< /Type /Font /Subtype /Type0 /BaseFont {name} /Encoding /Identity-H "
            f"/DescendantFonts [6 0 R] /ToUnicode 9 0 R >>",
        )
        widths = " ".join(f"{int(face.coded(sign), 16)} [{face.width(sign)}]" for sign in signs if face.width(sign) != EM)
        self._object(
            self._DESCENDANT,
            f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont {name} /FontDescriptor 7 0 R /DW {EM} /W [{widths}] "
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        )
        box = " ".join(map(str, face.box))
        self._object(
            self._DESCRIPTOR,
            f"<< /Type /FontDescriptor /FontName {name} /Flags {_FLAGS} /FontBBox [{box}] /ItalicAngle 0 /Ascent {face.ascent} "
            f"/Descent {face.descent} /CapHeight {face.cap_height} /StemV 80 /FontFile3 8 0 R >>",
        )
        kids = " ".join(f"{kid} 0 R" for kid in self._kids)
        self._object(self._PAGES, f"<< /Type /Pages /Count {len(self._kids)} /Kids [{kids}] >>")
        shown = "/ViewerPreferences << /DisplayDocTitle true >>"
        self._object(self._CATALOG, f"<< /Type /Catalog /Pages 2 0 R /Lang (zh-CN) {shown} >>")
        self._object(self._INFO, f"<< /Title {_text(self._title)} >>")
        return self._closed()

    def _object(self, number: int, body: str) -> None:
        self._write(number, body.encode("ascii"))

    def _stream(self, number: int, plain: bytes, more: str = "") -> None:
        packed = zlib.compress(plain, _LEVEL)
        head = f"<< /Length {len(packed)} /Filter /FlateDecode {more} >>\nstream\n".encode()
        self._write(number, head + packed + b"\nendstream")

    def _write(self, number: int, body: bytes) -> None:
        written = b"%d 0 obj\n" % number + body + b"\nendobj\n"
        self._places[number] = self._at
        self._parts.append(written)
        self._at += len(written)

    def _closed(self) -> bytes:
        count = self._next
        lines = b"".join(b"%010d 00000 n \n" % self._places[number] for number in range(1, count))
        self._parts.append(
            b"xref\n0 %d\n0000000000 65535 f \n" % count + lines
            + b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, self._at)
        )
        return b"".join(self._parts)


def _text(text: str) -> str:
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"


def _unicode_of(face: Face, signs: Sequence[str]) -> bytes:
    """Which character each glyph stands for: who searches or copies finds text (9.10.3)."""
    lines = [f"<{face.coded(sign)}> <{sign.encode('utf-16-be').hex().upper()}>" for sign in signs]
    blocks = [lines[at : at + 100] for at in range(0, len(lines), 100)]
    body = "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n"
        "/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{body}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
