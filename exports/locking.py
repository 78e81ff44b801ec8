"""Files on their way out: an archive that its password opens (AES-256, WinZip's AE-2), streamed; nothing is kept."""

from __future__ import annotations

import io
import re
import secrets
import string
from collections.abc import Iterable, Iterator

import pyzipper

LEAST, MOST = 12, 64
#: Without letters and digits that look alike when they are read out.
_ALPHABET = "".join(sorted({*string.ascii_letters, *string.digits} - set("0O1lI")))
_TYPED = re.compile(rf"[!-~]{{{LEAST},{MOST}}}")
#: Bytes from which an entry's size needs the longer form.
_LONG = 2**31 - 2**20


def made_password() -> str:
    """Sixteen characters by chance, in fours: 93 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _place in range(4)) for _group in range(4))


def can_be_typed(password: str) -> bool:
    """Whether it is long enough, of signs that every keyboard has."""
    return bool(_TYPED.fullmatch(password))


def locked(content: Iterable[bytes], *, name: str, size: int, password: bytes) -> Iterator[bytes]:
    """The bytes of an archive with one entry, a piece of `content` at a time. `size`: of the whole content."""
    sink = _Sink()
    with pyzipper.AESZipFile(sink, "w", compression=pyzipper.ZIP_DEFLATED) as archive:
        archive.setpassword(password)
        archive.setencryption(pyzipper.WZ_AES, nbits=256, force_wz_aes_version=2)
        with archive.open(name, "w", force_zip64=size >= _LONG) as entry:
            for piece in content:
                entry.write(piece)
                yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Holds what was written until it is taken; cannot be wound back, so that sizes come after the bytes they are of."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """It takes bytes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Hold them."""
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found
