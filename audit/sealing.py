"""Columns of texts sealed or digested: here, or in a process beside while this one goes on.

Both are bound by the interpreter's one thread; a chunk of a roster has hundreds of thousands of them. Within `beside()`
long columns go to a process that has the two keys that they need and nothing else: neither the master key nor a way to
the database is in its environment. If it dies, the work is done here. What is to be done with the tokens there can go
with them (`streamed`).
"""

from __future__ import annotations

import logging
import marshal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Any

from audit import ciphers, digests

#: Shorter columns are done sooner than they are sent.
LONG = 5_000
#: Bytes before a message that say how long it is.
HEAD = 8
#: The order whose answer comes in pieces.
STREAM = "stream"
Tokens = list[bytes | None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unsealed:
    """A column of texts with what seals it: sealed by whoever needs the tokens, here or beside."""

    cipher: ciphers.Cipher
    key_id: int
    texts: Sequence[str | None]
    bound: bytes

    def __len__(self) -> int:
        return len(self.texts)

    def tokens(self) -> Tokens:
        """The tokens, made here."""
        return ciphers.seal_column(self.cipher, self.key_id, self.texts, self.bound)

    def packed(self) -> tuple[Any, ...]:
        """As the process beside takes it; see `unpacked`."""
        return (self.cipher.format, self.cipher.key, self.key_id, self.bound, list(self.texts))


def tokens_of(cells: Sequence[bytes | None] | Unsealed) -> Sequence[bytes | None]:
    """A column's bytes, sealed here if it is not yet."""
    return cells.tokens() if isinstance(cells, Unsealed) else cells


def unpacked(form: int, key: bytes, key_id: int, bound: bytes, texts: list[str | None]) -> Unsealed:
    """What `Unsealed.packed` packed."""
    return Unsealed(ciphers.FORMATS[form](key), key_id, texts, bound)


def seal(cipher: ciphers.Cipher, key_id: int, texts: Sequence[str | None], bound: bytes) -> Tokens:
    """Tokens of a column, as `ciphers.seal_column` makes them."""
    found = _sent(texts, "seal", cipher.format, cipher.key, key_id, bound)
    return ciphers.seal_column(cipher, key_id, texts, bound) if found is None else found


def digest(algorithm: str, secret: bytes, texts: Sequence[str | None]) -> Tokens:
    """Keyed digests of a column, as `digests.digest_column` makes them."""
    found = _sent(texts, "digest", algorithm, secret)
    return digests.digest_column(algorithm, secret, texts) if found is None else found


@contextmanager
def beside() -> Iterator[None]:
    """While the block runs, long columns are worked on by a process of its own, started with the first of them.

    What is streamed has another one: it is read as fast as its reader goes, and no column waits for that.
    """
    process, streaming = _Process(), _Process()
    before, streaming_before = _current.set(process), _streaming.set(streaming)
    try:
        yield
    finally:
        _current.reset(before)
        _streaming.reset(streaming_before)
        process.end()
        streaming.end()


def streamed(size: int, function: str, *given: Any) -> Iterator[bytes]:
    """What a function ("module:name") of the process beside yields, piece by piece; an empty piece says that it was all.

    `size`: how many values it works on. Nothing where it is to be done here; no empty piece where the process was lost
    meanwhile: the rest is to be done here.
    """
    process = _streaming.get()
    if process is not None and size >= LONG:
        yield from process.stream((STREAM, function, *given))


def _sent(texts: Sequence[str | None], *order: Any) -> Tokens | None:
    """What the process makes of a column; None where it is to be done here."""
    process = _current.get()
    return process.ask((*order, list(texts))) if process is not None and len(texts) >= LONG else None


class _Process:
    """One process, asked by one thread at a time; once lost it stays lost."""

    def __init__(self) -> None:
        self._lock, self._lost = Lock(), False
        self._started: subprocess.Popen[bytes] | None = None

    def ask(self, order: tuple[Any, ...]) -> Tokens | None:
        """Its answer; None when it is lost."""
        with self._lock:
            if self._lost:
                return None
            try:
                answer: Tokens = receive(_pipe(self._given(order).stdout))
            except (OSError, EOFError) as error:
                self._lose(error)
                return None
            return answer

    def stream(self, order: tuple[Any, ...]) -> Iterator[bytes]:
        """The pieces of its answer, an empty one last; without that one when it is lost."""
        with self._lock:
            if self._lost:
                return
            piece: bytes = b" "
            try:
                pipe = _pipe(self._given(order).stdout)
                while piece:
                    piece = receive(pipe)
                    yield piece
            except (OSError, EOFError) as error:
                self._lose(error)
            finally:
                if piece and not self._lost:
                    # Nobody takes the rest: what comes would be taken for the next answer.
                    self._lost = True
                    if self._started is not None:
                        self._started.kill()

    def _given(self, order: tuple[Any, ...]) -> subprocess.Popen[bytes]:
        if self._started is None:
            self._started = _start()
        send(_pipe(self._started.stdin), order)
        return self._started

    def _lose(self, error: Exception) -> None:
        self._lost = True
        _log.warning("sealing.process_lost", extra={"error": type(error).__name__})

    def end(self) -> None:
        """Let it go: it ends when nobody can ask it any more."""
        with self._lock:
            if self._started is not None:
                for pipe in (self._started.stdin, self._started.stdout):
                    # What was on its way to one that is gone is lost; the pipe is closed all the same.
                    with suppress(BrokenPipeError):
                        _pipe(pipe).close()
                self._started.wait()
            self._lost = True


_current: ContextVar[_Process | None] = ContextVar("sealing_beside", default=None)
_streaming: ContextVar[_Process | None] = ContextVar("streaming_beside", default=None)


def _start() -> subprocess.Popen[bytes]:
    # In a session of its own: Ctrl-C is for us; it ends with its pipe.
    return subprocess.Popen(
        [sys.executable, "-m", "audit.sealing_process"], cwd=Path(__file__).parent.parent, env={}, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise EOFError
    return pipe


def send(pipe: IO[bytes], message: Any) -> None:
    """A message with its length before it: between two ends of this release only, never kept."""
    payload = marshal.dumps(message, 2)
    pipe.write(len(payload).to_bytes(HEAD, "big"))
    pipe.write(payload)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """The next message; EOFError at the end."""
    head = pipe.read(HEAD)
    payload = pipe.read(int.from_bytes(head, "big")) if len(head) == HEAD else b""
    if not payload or len(payload) < int.from_bytes(head, "big"):
        raise EOFError
    return marshal.loads(payload)  # noqa: S302 - written by the other end, ourselves
