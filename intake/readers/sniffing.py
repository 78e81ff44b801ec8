"""What a file is, told from its bytes alone, and why one cannot be read; its rows are read elsewhere."""

from __future__ import annotations

import codecs
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import BinaryIO, TypeAlias

import polars as pl

from audit.errors import Refused
from intake.findings import FileFinding
from intake.readers.seen import SheetSeen

Source: TypeAlias = str | os.PathLike[str] | BinaryIO


class Kind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: bytes, seconds, rows; a test or a small machine sets its own."""

    entries: int = 2_000
    ratio: int = 300
    unpacked: int = 3 * 1024**3
    memory: int = 2_560 * 1024**2
    cpu_seconds: int = 180
    wall_seconds: int = 300
    output: int = 6 * 1024**3
    rows: int = 20_000_000
    record: int = 1024**2


USUAL_LIMITS = Limits()


class FileRefused(Refused):
    """A file that is not read at all: `findings` says why, each as a sentence."""

    #: What was seen of its sheets before it was refused, so that a person can mend it: see `seen`.
    seen: Sequence[SheetSeen] = ()

    def __init__(self, *findings: FileFinding) -> None:
        self.findings = findings
        super().__init__(findings[0].code, extra=findings[0].extra, sheet=findings[0].sheet)

    def __str__(self) -> str:
        return ";".join(str(finding) for finding in self.findings)


def refuse(code: str, extra: str = "", sheet: str = "") -> FileRefused:
    return FileRefused(FileFinding(code, extra, sheet))


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The source at its first byte; a file object given by the caller stays open and is rewound."""
    if isinstance(source, str | os.PathLike):
        with open(source, "rb") as stream:
            yield stream
    else:
        source.seek(0)
        yield source


_HEAD = 64 * 1024
_PROOF = 4 * 1024**2
# Bytes of an entry in the directory of a compound file; sectors hold whole ones.
_ENTRY = 128
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FOREIGN = ((b"%PDF", "PDF"), (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"Rar!", "RAR"), (b"7z\xbc\xaf", "7z"))
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")
_NAMED = {
    ".csv": (Kind.CSV,),
    ".tsv": (Kind.CSV,),
    ".txt": (Kind.CSV,),
    ".xlsx": (Kind.XLSX,),
    ".xlsm": (Kind.XLSX,),
    # Excel and WPS open a new workbook under the old ending without a word.
    ".xls": (Kind.XLS, Kind.XLSX),
    ".et": (Kind.XLS,),
}
# Names in the directory of a compound file; what each means for a person is decided in this order.
_STREAMS = ("EncryptedPackage", "_VBA_PROJECT_CUR", "Workbook", "Book")


def sniff(source: Source, *, name: str = "", limits: Limits = USUAL_LIMITS) -> Kind:
    """The kind of a file by its content, or `FileRefused`; `name` (as uploaded) only has to agree with it."""
    with opened(source) as stream:
        head = stream.read(_HEAD)
        if not head.strip(b"\r\n\t ,;\x00") or head in _BOMS:
            raise refuse("EMPTY")
        if head.startswith(_ZIP):
            _check_archive(stream, limits)
            kind = Kind.XLSX
        elif head.startswith(_OLE):
            _check_compound(stream)
            kind = Kind.XLS
        else:
            _check_text(head)
            kind = Kind.CSV
    expected = _NAMED.get(PurePath(name).suffix.lower())
    if expected and kind not in expected:
        raise refuse("TYPE_MISMATCH", f"{PurePath(name).suffix.lower()} ≠ {kind.upper()}")
    return kind


def _check_text(head: bytes) -> None:
    for magic, label in _FOREIGN:
        if head.startswith(magic):
            raise refuse("TYPE_MISMATCH", label)
    if head.removeprefix(codecs.BOM_UTF8).lstrip()[:16].lower().startswith(_MARKUP):
        raise refuse("TYPE_MISMATCH", "HTML/XML")
    if b"\x00" in head and not head.startswith(_BOMS[1:]):
        raise refuse("TYPE_MISMATCH", "NUL")


def _check_compound(stream: BinaryIO) -> None:
    """An old .xls, a Word file, or the envelope that Excel puts around a workbook with a password, by its streams."""
    found: set[str] = set()
    rest = b""
    stream.seek(0)
    while block := stream.read(_PROOF):
        block = rest + block
        whole = len(block) - len(block) % _ENTRY
        found |= {name for name in _STREAMS if _is_entry(name.encode("utf-16-le"), block[:whole])}
        rest = block[whole:]
    found |= {name for name in _STREAMS if _is_entry(name.encode("utf-16-le"), rest)}
    if "EncryptedPackage" in found:
        raise refuse("ENCRYPTED")
    if "_VBA_PROJECT_CUR" in found:
        raise refuse("MACRO_REFUSED")
    if not found & {"Workbook", "Book"}:
        raise refuse("TYPE_MISMATCH", "OLE")


def _is_entry(name: bytes, block: bytes) -> bool:
    """Whether a directory entry bears the name: a cell with the same text hardly ever so."""
    at = block.find(name)
    while at >= 0 and at % _ENTRY:
        at = block.find(name, at + 1)
    return at >= 0


def _check_archive(stream: BinaryIO, limits: Limits) -> None:
    """Bounds and content of the zip directory; nothing is unpacked here."""
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise refuse("FILE_DAMAGED") from error
    if len(entries) > limits.entries:
        raise refuse("TOO_BIG_UNPACKED", f"{len(entries)} parts")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > limits.unpacked or (unpacked > 16 * 1024**2 and unpacked > limits.ratio * max(packed, 1)):
        raise refuse("TOO_BIG_UNPACKED", f"{unpacked // 1024**2} MB")
    names = {entry.filename.lower() for entry in entries}
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise refuse("ENCRYPTED")
    if any(name.endswith("vbaproject.bin") or "xl/macrosheets/" in name for name in names):
        raise refuse("MACRO_REFUSED")
    if "xl/workbook.bin" in names:
        raise refuse("TYPE_MISMATCH", ".xlsb")
    if "xl/workbook.xml" not in names:
        raise refuse("TYPE_MISMATCH", "ZIP")


@dataclass(frozen=True, slots=True)
class TextCoding:
    """A Python codec and how many bytes of mark stand before the first character."""

    codec: str
    mark: int = 0


def detect_coding(source: Source) -> TextCoding:
    """Reads the whole file once: mark -> UTF-16 or UTF-8; else UTF-8 when every byte fits; else GB18030; else refused.

    A file whose beginning already shows multi-byte UTF-8 is never taken for GB18030 because of one damaged byte
    further down: GB18030 accepts nearly anything and would turn every name into another one.
    """
    with opened(source) as stream:
        head = stream.read(4)
    if head.startswith(codecs.BOM_UTF8):
        return _proven(source, TextCoding("utf-8", 3))
    if head.startswith(codecs.BOM_UTF16_LE):
        return _proven(source, TextCoding("utf-16-le", 2))
    if head.startswith(codecs.BOM_UTF16_BE):
        return _proven(source, TextCoding("utf-16-be", 2))
    plain = TextCoding("utf-8")
    damage = None if _is_utf_8(source) else _first_damage(source, plain)
    if damage is None:
        return plain
    if damage.letters >= 6:
        raise damage.refusal()
    return _proven(source, TextCoding("gb18030"))


def _proven(source: Source, coding: TextCoding) -> TextCoding:
    if coding.codec == "utf-8" and _is_utf_8(source):
        return coding
    damage = _first_damage(source, coding)
    if damage is not None:
        raise damage.refusal()
    return coding


def _is_utf_8(source: Source) -> bool:
    """Whether every byte fits: several times as fast as to decode, but it cannot tell where one does not."""
    rest = b""
    with opened(source) as stream:
        while block := stream.read(_PROOF):
            block = rest + block
            cut = block.rfind(b"\n") + 1
            whole, rest = block[:cut], block[cut:]
            if len(rest) > _PROOF or not _fits(whole):
                return False
    return _fits(rest)


def _fits(text: bytes) -> bool:
    try:
        pl.Series([text], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Damage:
    """Where decoding failed (bytes from 0, lines from 1) and how many multi-byte letters stood before it."""

    offset: int
    line: int
    letters: int

    def refusal(self) -> FileRefused:
        return refuse("ENCODING", f"{self.line}:{self.offset}")


def _first_damage(source: Source, coding: TextCoding) -> _Damage | None:
    decoder = codecs.getincrementaldecoder(coding.codec)("strict")
    offset, lines, letters = coding.mark, 1, 0
    with opened(source) as stream:
        stream.seek(coding.mark)
        while True:
            block = stream.read(4 * 1024**2)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(coding.codec)
                letters += len(good.encode()) - len(good)
                return _Damage(offset - held + error.start, lines + good.count("\n"), letters)
            if not block:
                return None
            offset += len(block)
            lines += text.count("\n")
            if letters < 6:
                letters += sum(character > "\x7f" for character in text[:4096])
