"""What an uploaded paper is, by its content: a PDF or a picture, whole, and without anything that runs when it is opened."""

from __future__ import annotations

import re
from pathlib import PurePath

#: Bytes that a paper may have.
LIMIT = 20_000_000
_ENDINGS = {
    "application/pdf": (".pdf",), "image/jpeg": (".jpg", ".jpeg"), "image/png": (".png",),
}
#: The end of a PDF stands within its last kilobyte or two; what follows the end of a picture is padding.
_TAIL = 2_048
_PNG = b"\x89PNG\r\n\x1a\n"
_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
#: Scripts, programs that are started, files within the file, forms that run.
_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)(?=[\s/<\[(])")


class PaperWrong(Exception):
    """A file that is no paper; `code`: why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def media_type_of(content: bytes, *, name: str) -> str:
    """The media type of a whole file, or PaperWrong: PAPER_TYPE, PAPER_CUT, PAPER_RUNS or PAPER_NAME."""
    found, whole = _looked_at(content)
    if not found:
        raise PaperWrong("PAPER_TYPE")
    if not whole:
        raise PaperWrong("PAPER_CUT")
    if found == "application/pdf" and _ACTIVE.search(_STREAM.sub(b"", content)):
        raise PaperWrong("PAPER_RUNS")
    if PurePath(name).suffix.lower() not in _ENDINGS[found]:
        raise PaperWrong("PAPER_NAME")
    return found


def _looked_at(content: bytes) -> tuple[str, bool]:
    """Media type ("" of anything else) and whether the end is there."""
    tail = content[-_TAIL:]
    if content.startswith(b"%PDF-"):
        return "application/pdf", b"%%EOF" in tail
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", b"\xff\xd9" in tail
    if content.startswith(_PNG):
        return "image/png", content[12:16] == b"IHDR" and b"IEND" in tail
    return "", False
