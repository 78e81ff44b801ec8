"""The process that opens an archive of papers, so that nothing hostile runs where keys and database are; started as a script.

Reads eight bytes of length, a JSON head and the archive from standard input; writes frames to standard output: a kind (`J`
JSON, `R` four bytes of place and a file's content), eight bytes of length, the payload. It never imports Django or a module
of the project.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import zipfile
import zlib
from typing import Any

_UTF8 = 0x800
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BLOCK = 1 << 20


class Stop(Exception):
    """The archive is refused."""


def main() -> int:
    size = int.from_bytes(sys.stdin.buffer.read(8), "big")
    head = json.loads(sys.stdin.buffer.read(size))
    limits = head["limits"]
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        data = sys.stdin.buffer.read()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = _checked(archive, limits)
            if head["wanted"] is None:
                tell({"entries": entries})
            else:
                _send_wanted(archive, head["wanted"], limits)
            tell({"done": True})
    except Stop as stop:
        tell({"refused": stop.args[0]})
    except MemoryError:
        tell({"refused": "TOO_BIG_UNPACKED"})
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError, RuntimeError, KeyError):
        tell({"refused": "FILE_DAMAGED"})
    return 0


def tell(message: dict[str, Any]) -> None:
    send(b"J", json.dumps(message).encode())


def send(kind: bytes, payload: bytes) -> None:
    sys.stdout.buffer.write(kind + len(payload).to_bytes(8, "big"))
    sys.stdout.buffer.write(payload)
    sys.stdout.buffer.flush()


def _checked(archive: zipfile.ZipFile, limits: dict[str, int]) -> list[list[Any]]:
    """[name, bytes as the archive says, problem] of each entry; refused when there are too many, or too much is said."""
    found = archive.infolist()
    if len(found) > limits["entries"]:
        raise Stop("TOO_MANY_ENTRIES")
    if sum(entry.file_size for entry in found) > limits["unpacked"]:
        raise Stop("TOO_BIG_UNPACKED")
    names = _names(found)
    return [[name, entry.file_size, _problem(entry, limits)] for name, entry in zip(names, found, strict=True)]


def _problem(entry: zipfile.ZipInfo, limits: dict[str, int]) -> str:
    if entry.flag_bits & _ENCRYPTED:
        return "ENCRYPTED"
    if entry.compress_type not in _METHODS:
        return "METHOD"
    return "TOO_BIG" if entry.file_size > limits["entry"] else ""


def _names(entries: list[zipfile.ZipInfo]) -> list[str]:
    """Names as they were meant. Without the flag that says UTF-8 they are GB18030, as Windows writes them, unless all of them
    read as UTF-8, as other systems write them without saying so."""
    unsaid = [None if entry.flag_bits & _UTF8 else entry.orig_filename.encode("cp437") for entry in entries]
    encoding = "utf-8"
    try:
        for raw in unsaid:
            if raw is not None:
                raw.decode(encoding)
    except UnicodeDecodeError:
        encoding = "gb18030"
    return [
        entry.orig_filename if raw is None else raw.decode(encoding, errors="replace")
        for entry, raw in zip(entries, unsaid, strict=True)
    ]


def _send_wanted(archive: zipfile.ZipFile, wanted: list[int], limits: dict[str, int]) -> None:
    entries, left = archive.infolist(), limits["unpacked"]
    for place in wanted:
        content = None
        try:
            content = _content(archive, entries[place], min(limits["entry"], left))
            problem = "TOO_BIG" if content is None else ""
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
            problem = "DAMAGED"
        if content is None:
            tell({"entry": place, "problem": problem})
        else:
            left -= len(content)
            send(b"R", place.to_bytes(4, "big") + content)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes | None:
    """A file's bytes, whatever length the archive says; None when they are more."""
    parts, size = [], 0
    with archive.open(entry) as stream:
        while part := stream.read(_BLOCK):
            size += len(part)
            if size > most:
                return None
            parts.append(part)
    return b"".join(parts)


if __name__ == "__main__":
    sys.exit(main())
