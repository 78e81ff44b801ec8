"""The archive that leaves: read here by the published form alone (AE-2), so that other tools than its maker open it."""

from __future__ import annotations

import hashlib
import hmac
import struct
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from handover.errors import HandOverRefused
from handover.locking import checked_password, locked, made_password
from handover.testing import PASSWORD, opened

ENTRY = "HY-2027-initial-7.csv"


def archive_of(pieces: list[bytes], *, size: int | None = None) -> bytes:
    whole = sum(map(len, pieces)) if size is None else size
    return b"".join(locked(pieces, name=ENTRY, size=whole, password=PASSWORD.encode()))


def read_by_the_book(archive: bytes, password: str) -> bytes:
    """WinZip's form: salt of 16, check of 2, AES-256 counting from 1 with the low byte first, HMAC-SHA1 cut to 10."""
    end = archive.rindex(b"PK\x05\x06")
    (start,) = struct.unpack_from("<I", archive, end + 16)
    method, _time, crc, packed, _plain, name, extra = struct.unpack_from("<HIIIIHH", archive, start + 10)
    assert archive[start : start + 4] == b"PK\x01\x02" and (method, crc) == (99, 0), "AES, and no checksum of the plain text"
    fields = archive[start + 46 + name : start + 46 + name + extra]
    assert fields[:11] == struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 8), "AE-2, 256 bits, deflated"
    name_length, extra_length = struct.unpack_from("<HH", archive, 26)
    body = archive[30 + name_length + extra_length :][:packed]
    salt, check, sealed, mac = body[:16], body[16:18], body[18:-10], body[-10:]
    keys = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, 1000, 66)
    assert keys[64:] == check, "another password"
    assert hmac.new(keys[32:64], sealed, "sha1").digest()[:10] == mac
    block = Cipher(algorithms.AES(keys[:32]), modes.ECB()).encryptor()  # noqa: S305 - the counter's keystream
    stream = b"".join(block.update((place + 1).to_bytes(16, "little")) for place in range(len(sealed) // 16 + 1))
    return zlib.decompress(bytes(one ^ two for one, two in zip(sealed, stream, strict=False)), -15)


def test_the_archive_is_as_the_published_form_says_and_another_password_opens_nothing() -> None:
    pieces = ["姓名,证件号码\r\n".encode(), b"x" * 5000, b""]
    archive = archive_of(pieces)
    assert read_by_the_book(archive, PASSWORD) == b"".join(pieces)
    assert opened(archive) == (ENTRY, b"".join(pieces))
    with pytest.raises(RuntimeError, match="Bad password"):
        opened(archive, password="Another-one-12")
    assert archive_of(pieces) != archive, "each archive has a salt of its own"


def test_a_long_file_streams_in_little_memory() -> None:
    seen = []

    def pieces() -> Iterator[bytes]:
        for place in range(40):
            seen.append(place)
            yield hashlib.shake_256(bytes([place])).digest(250_000)

    tracemalloc.start()
    length = sum(len(piece) for piece in locked(pieces(), name=ENTRY, size=10_000_000, password=PASSWORD.encode()))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length > 10_000_000 and len(seen) == 40
    assert most < 4_000_000


def test_sizes_beyond_two_gibibytes_take_the_longer_form() -> None:
    archive = archive_of([b"short"], size=2**31)
    name, extra = struct.unpack_from("<HH", archive, 26)
    assert struct.unpack_from("<HH", archive, 30 + name)[0] == 1, "the field of long sizes"
    assert opened(archive) == (ENTRY, b"short") and extra > 20
    shorter = archive_of([b"short"])
    assert struct.unpack_from("<HH", shorter, 30 + name)[0] == 0x9901


def test_a_password_is_made_of_signs_that_every_keyboard_has() -> None:
    made = {made_password() for _turn in range(50)}
    assert len(made) == 50 and all(len(each) == 19 and checked_password(each) == each.encode() for each in made)
    assert not set("0O1lI") & set("".join(made))
    for wrong in ("", "a" * 11, "a" * 65, "with blanks 123", "中文密码中文密码中文密码", "line\nbreak-123"):
        with pytest.raises(HandOverRefused) as refused:
            checked_password(wrong)
        assert refused.value.code == "PASSWORD"
