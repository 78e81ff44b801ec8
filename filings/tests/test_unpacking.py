"""Archives opened in a child: names of every encoding, what is locked or lies, and nothing that unpacks without end."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace

import pytest

from filings.testing import PDF, zipped
from filings.unpacking import LIMITS, ArchiveRefused, Entry, contents_of, entries_of, is_archive

SMALL = replace(LIMITS, entries=3, entry=1_000, unpacked=2_500)


def names(source: io.BytesIO) -> list[str]:
    return [entry.path for entry in entries_of(source)]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_names_are_read_as_they_were_written(encoding: str) -> None:
    said = ["BA1/身份证.pdf", "BA1/㐂𠮷.pdf", "plain.pdf"]
    assert names(zipped(dict.fromkeys(said, PDF), encoding=encoding)) == said


def test_names_in_utf_8_that_do_not_say_so_are_read_all_the_same() -> None:
    target = zipped({"BA1/发票.pdf": PDF})
    raw = bytearray(target.getvalue())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.index(magic) + at
        flags = struct.unpack_from("<H", raw, place)[0]
        struct.pack_into("<H", raw, place, flags & ~0x800)
    assert names(io.BytesIO(raw)) == ["BA1/发票.pdf"]


def test_wanted_files_come_whole_and_in_their_order() -> None:
    source = zipped({"a": b"1", "b": b"2" * 3_000_000, "c": b""})
    assert [(place, len(content or b""), problem) for place, content, problem in contents_of(source, [2, 1])] == [
        (2, 0, ""), (1, 3_000_000, ""),
    ]


def test_a_file_that_is_longer_than_a_paper_may_be_is_told_and_the_others_come() -> None:
    source = zipped({"long": b"x" * 1_001, "fine": b"y"})
    assert entries_of(source, limits=SMALL)[0] == Entry(0, "long", 1_001, "TOO_BIG")
    source.seek(0)
    assert list(contents_of(source, [0, 1], limits=SMALL)) == [(0, None, "TOO_BIG"), (1, b"y", "")]


def test_a_file_that_lies_about_its_length_is_cut_off() -> None:
    raw = bytearray(zipped({"bomb": b"\0" * 900_000}).getvalue())
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.index(magic) + at, 10)
    assert list(contents_of(io.BytesIO(raw), [0], limits=SMALL)) == [(0, None, "DAMAGED")]


@pytest.mark.parametrize(("source", "code"), [
    (zipped({str(number): b"" for number in range(4)}), "TOO_MANY_ENTRIES"),
    (zipped({str(number): b"x" * 900 for number in range(3)}), "TOO_BIG_UNPACKED"),
    (io.BytesIO(b"PK\x03\x04 and nothing behind it"), "FILE_DAMAGED"),
])
def test_an_archive_beyond_its_limits_is_not_opened(source: io.BytesIO, code: str) -> None:
    source.seek(0)
    with pytest.raises(ArchiveRefused) as refused:
        entries_of(source, limits=SMALL)
    assert refused.value.code == code


def test_what_is_locked_or_packed_otherwise_is_told() -> None:
    raw = bytearray(zipped({"locked": b"x"}).getvalue())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", raw, raw.index(magic) + at, 1)
    assert entries_of(io.BytesIO(raw))[0].problem == "ENCRYPTED"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"x")
    target.seek(0)
    assert entries_of(target)[0].problem == "METHOD"


def test_a_zip_is_known_by_its_beginning() -> None:
    assert is_archive(b"PK\x03\x04") and is_archive(b"PK\x05\x06")
    assert not is_archive(b"%PDF") and not is_archive(b"")
