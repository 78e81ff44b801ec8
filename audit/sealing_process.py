"""The process beside that `audit.sealing` asks: seals and digests columns until its pipe is closed; never sets Django up."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module

from audit.ciphers import FORMATS, Cipher, seal_column
from audit.digests import digest_column
from audit.sealing import STREAM, Tokens, receive, send


def main() -> None:
    """Answer order after order."""
    while True:
        try:
            work, *given = receive(sys.stdin.buffer)
        except EOFError:
            return
        if work == STREAM:
            function, *given = given
            for piece in _function(function)(*given):
                send(sys.stdout.buffer, piece)
            send(sys.stdout.buffer, b"")
        else:
            send(sys.stdout.buffer, _WORK[work](*given))


def _seal(form: int, key: bytes, key_id: int, bound: bytes, texts: list[str | None]) -> Tokens:
    return seal_column(_cipher(form, key), key_id, texts, bound)


@cache
def _function(place: str) -> Callable[..., Iterable[bytes]]:
    """A function of a room above, by its name: this floor knows none."""
    module, name = place.split(":")
    found: Callable[..., Iterable[bytes]] = getattr(import_module(module), name)
    return found


@cache
def _cipher(form: int, key: bytes) -> Cipher:
    return FORMATS[form](key)


_WORK: dict[str, Callable[..., Tokens]] = {"seal": _seal, "digest": digest_column}


if __name__ == "__main__":
    main()
