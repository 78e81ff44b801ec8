"""Archives of papers, opened in a child process with limits: what is in them, and the bytes of single files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from programs.rules.paper_files import LIMIT

_CHILD = Path(__file__).resolve().parent / "unpacking_child"
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True)
class Limits:
    """What an archive may cost: files in it, bytes of one and of all unpacked, memory and time of the process that opens it."""

    entries: int = 20_000
    entry: int = LIMIT
    unpacked: int = 4_000_000_000
    memory: int = 1_500_000_000
    cpu_seconds: int = 600
    wall_seconds: int = 1_800


LIMITS = Limits()


class ArchiveRefused(Exception):
    """An archive that is not opened; `code`: TOO_MANY_ENTRIES, TOO_BIG_UNPACKED or FILE_DAMAGED."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Entry:
    """A file in an archive by its place; `size` is what the archive says; `problem`: ENCRYPTED, METHOD, TOO_BIG or ""."""

    position: int
    path: str
    size: int
    problem: str


def is_archive(head: bytes) -> bool:
    """Whether a content begins as a ZIP does."""
    return head.startswith(_MAGIC)


def entries_of(source: BinaryIO, *, limits: Limits = LIMITS) -> list[Entry]:
    """Everything in an archive, folders too."""
    with _child(source, None, limits) as frames:
        for kind, payload in frames:
            if kind == b"J" and "entries" in (message := json.loads(payload)):
                return [Entry(place, *said) for place, said in enumerate(message["entries"])]
    raise ArchiveRefused("FILE_DAMAGED")


def contents_of(source: BinaryIO, wanted: Sequence[int], *, limits: Limits = LIMITS) -> Iterator[tuple[int, bytes | None, str]]:
    """(place, bytes, "") of the wanted files in their order, or (place, None, problem): TOO_BIG, DAMAGED."""
    with _child(source, list(wanted), limits) as frames:
        for kind, payload in frames:
            if kind == b"R":
                yield int.from_bytes(payload[:4], "big"), payload[4:], ""
            elif "entry" in (message := json.loads(payload)):
                yield int(message["entry"]), None, str(message["problem"])


@contextmanager
def _child(source: BinaryIO, wanted: list[int] | None, limits: Limits) -> Iterator[Iterator[tuple[bytes, bytes]]]:
    process = subprocess.Popen(  # noqa: S603 - our own script, no shell
        [sys.executable, "-P", str(_CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    timer = threading.Timer(limits.wall_seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        head = json.dumps({"limits": asdict(limits), "wanted": wanted}).encode()
        _feed(process, head, source)
        yield _frames(process, limits)
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


def _feed(process: Any, head: bytes, source: BinaryIO) -> None:
    """The child reads everything before it answers; one that gave up says why, or is told by its end."""
    try:
        process.stdin.write(len(head).to_bytes(8, "big") + head)
        shutil.copyfileobj(source, process.stdin, 1024**2)
        process.stdin.close()
    except BrokenPipeError:
        return


def _frames(process: Any, limits: Limits) -> Iterator[tuple[bytes, bytes]]:
    """What the child says, until it is done; nothing longer than a file may be, or a list of all of them."""
    most = max(limits.entry + 4, limits.entries * 1_000)
    while True:
        head = process.stdout.read(9)
        size = int.from_bytes(head[1:], "big")
        payload = process.stdout.read(size) if len(head) == 9 and size <= most else b""
        if len(head) < 9 or len(payload) < size:
            # A signal ended it: a limit of time or memory, not a bad file.
            raise ArchiveRefused("TOO_BIG_UNPACKED" if process.wait() < 0 else "FILE_DAMAGED")
        if head[:1] == b"J":
            message = json.loads(payload)
            if "refused" in message:
                raise ArchiveRefused(str(message["refused"]))
            if message.get("done"):
                return
        yield head[:1], payload
