"""The process beside that `audit.sealing` asks: seals and digests columns until its pipe is closed; never imports Django."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache

from audit.ciphers import FORMATS, Cipher, seal_column
from audit.digests import digest_column
from audit.sealing import Tokens, receive, send


def main() -> None:
    """Answer order after order."""
    while True:
        try:
            work, *given = receive(sys.stdin.buffer)
        except EOFError:
            return
        send(sys.stdout.buffer, _WORK[work](*given))


def _seal(form: int, key: bytes, key_id: int, bound: bytes, texts: list[str | None]) -> Tokens:
    return seal_column(_cipher(form, key), key_id, texts, bound)


@cache
def _cipher(form: int, key: bytes) -> Cipher:
    return FORMATS[form](key)


_WORK: dict[str, Callable[..., Tokens]] = {"seal": _seal, "digest": digest_column}


if __name__ == "__main__":
    main()
