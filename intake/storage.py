"""Uploaded files at rest: sealed frame by frame, read back at any place without ever being plain on a disk."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.core.files.base import File as DjangoFile
from django.core.files.storage import default_storage

from audit import ciphers, keys
from audit.faults import fault_point
from intake.errors import IntakeRefused

#: Plain bytes of one frame; each is sealed with its number, so that frames cannot be swapped.
FRAME = 1 << 20
OVERHEAD = ciphers.HEAD + ciphers.NONCE + ciphers.TAG
PURPOSE = "file"
_MEGABYTE = 1 << 20
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True)
class Stored:
    """Where a file is kept; `sha256` (hex) and `size` (bytes) are those of the plain content."""

    key: str
    sha256: str
    size: int


class _Sealing(DjangoFile):
    """What a storage saves: sealed frames of a plain stream."""

    def __init__(self, plain: BinaryIO, *, key: str, year: int, limit: int) -> None:
        super().__init__(plain, name=key)
        self._key, self._year, self._limit = key, year, limit
        self.digest, self.plain_size = hashlib.sha256(), 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Frames in their order."""
        number = 0
        while plain := self._frame():
            self.plain_size += len(plain)
            if self.plain_size > self._limit:
                raise IntakeRefused("UPLOAD_TOO_LARGE", megabytes=self._limit // _MEGABYTE)
            self.digest.update(plain)
            sealer = keys.sealer(_frame_name(self._key, number), purpose=PURPOSE, year=self._year)
            yield sealer.seal_bytes(plain)
            number += 1

    def _frame(self) -> bytes:
        parts, wanted = [], FRAME
        stream: Any = self.file
        while wanted and (part := stream.read(wanted)):
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)


def store(plain: BinaryIO, *, year: int, limit: int, folder: str = "") -> Stored:
    """Seal a stream into the storage under a name of our own; refused when empty or above `limit` bytes.

    `folder`: where another room keeps its own; what stands in a year's folder is an upload's.
    """
    key = f"{folder or year}/{uuid.uuid4().hex}"
    content = _Sealing(plain, key=key, year=year, limit=limit)
    fault_point("intake.store.before")
    try:
        default_storage.save(key, content)
        fault_point("intake.store.saved")
        _flush(key)
    except OSError as error:
        remove(key)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise IntakeRefused("STORAGE_FULL") from error
        raise
    except IntakeRefused:
        remove(key)
        raise
    fault_point("intake.store.after")
    if not content.plain_size:
        remove(key)
        raise IntakeRefused("UPLOAD_EMPTY")
    return Stored(key, content.digest.hexdigest(), content.plain_size)


def remove(key: str) -> None:
    """Delete a kept file; none is no error."""
    fault_point("intake.remove.before")
    default_storage.delete(key)
    fault_point("intake.remove.after")


def keys_within(folder: str) -> list[str]:
    """Every kept file of a folder, half ones included; none where there is no such folder."""
    try:
        return [f"{folder}/{name}" for name in sorted(default_storage.listdir(folder)[1])]
    except FileNotFoundError:
        return []


def kept_keys() -> Iterator[tuple[str, datetime]]:
    """Every kept file and when it was written, half ones of killed uploads included."""
    years, _files = default_storage.listdir("")
    for year in sorted(name for name in years if _YEAR.fullmatch(name)):
        for name in default_storage.listdir(year)[1]:
            key = f"{year}/{name}"
            yield key, default_storage.get_modified_time(key)


def _flush(key: str) -> None:
    """Have the disk hold a file, and its name, before anybody is told that it is kept."""
    try:
        path = Path(default_storage.path(key))
    except NotImplementedError:
        # Not a local disk: such a storage answers when it has the whole.
        return
    for place in (path, path.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class SealedReader(io.RawIOBase):
    """A kept file as a seekable stream of plain bytes; holds one frame at a time."""

    def __init__(self, key: str, size: int) -> None:
        super().__init__()
        self._key, self._size, self._at = key, size, 0
        self._sealed = default_storage.open(key, "rb")
        self._number, self._frame = -1, b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; nothing is read yet."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Bytes up to the end of one frame."""
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, FRAME)
        if number != self._number:
            self._load(number)
        part = self._frame[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        """Close the sealed file too."""
        if not self.closed:
            self._sealed.close()
        super().close()

    def _load(self, number: int) -> None:
        wanted = min(FRAME, self._size - number * FRAME) + OVERHEAD
        self._sealed.seek(number * (FRAME + OVERHEAD))
        token = self._sealed.read(wanted)
        try:
            self._frame = keys.open_bytes(token, _frame_name(self._key, number))
        except (ciphers.DamagedToken, keys.KeyMissing) as error:
            if isinstance(error, keys.KeyMissing) and error.code != "KEY_MISSING":
                # The master key is not configured: the file is whole.
                raise
            raise IntakeRefused("FILE_ALTERED") from error
        self._number = number


def opened(key: str, size: int) -> io.BufferedReader:
    """A kept file for reading; close it."""
    return io.BufferedReader(SealedReader(key, size), buffer_size=1 << 18)


def _frame_name(key: str, number: int) -> str:
    return f"file:{key}:{number}"
