"""What an upload is, by its content. No database."""

from __future__ import annotations

import pytest

from programs.rules.paper_files import PaperWrong, media_type_of

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 40 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 40 + b"IEND\xaeB`\x82"


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (PDF, "授权书.pdf", "application/pdf"), (PDF, "授权书.PDF", "application/pdf"),
        (JPEG, "a.jpg", "image/jpeg"), (JPEG, "a.jpeg", "image/jpeg"), (PNG, "a.png", "image/png"),
        (PDF.replace(b"endobj", b"endobj 2 0 obj <<>> stream\n/JavaScript (x) \nendstream endobj", 1), "a.pdf", "application/pdf"),
        (PDF.replace(b"/Catalog", b"/Catalog /JSON 1"), "a.pdf", "application/pdf"),
    ],
)
def test_papers_are_known_by_their_content(content: bytes, name: str, expected: str) -> None:
    assert media_type_of(content, name=name) == expected


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"PK\x03\x04 a workbook", "精算.pdf", "PAPER_TYPE"), (b"\xd0\xcf\x11\xe0 an old one", "精算.doc", "PAPER_TYPE"),
        (b"MZ", "a.pdf", "PAPER_TYPE"), (b"<html>%PDF-</html>", "a.pdf", "PAPER_TYPE"), (b" %PDF-1.7 %%EOF", "a.pdf", "PAPER_TYPE"),
        (PDF[:-6], "a.pdf", "PAPER_CUT"), (JPEG[:-2], "a.jpg", "PAPER_CUT"), (PNG[:30], "a.png", "PAPER_CUT"),
        (PDF, "a.png", "PAPER_NAME"), (PNG, "a.pdf", "PAPER_NAME"), (PDF, "授权书", "PAPER_NAME"), (PDF, "a.pdf.exe", "PAPER_NAME"),
        *(
            (PDF.replace(b"/Catalog", b"/Catalog " + active), "a.pdf", "PAPER_RUNS")
            for active in (
                b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>", b"/JS(x)", b"/Launch <<>>", b"/EmbeddedFiles <<>>",
                b"/XFA [1]", b"/RichMedia <<>>",
            )
        ),
    ],
)
def test_what_is_no_paper_is_refused_with_its_reason(content: bytes, name: str, code: str) -> None:
    with pytest.raises(PaperWrong) as wrong:
        media_type_of(content, name=name)
    assert wrong.value.code == code
