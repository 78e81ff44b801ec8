"""Keyed digests of texts, cut to the size of an index value; knows no key store and no database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

#: Bytes of an index value: 128 bits, so that no two persons among billions meet by chance.
SIZE = 16
_BLOCK = 64

Digest = Callable[[str], bytes]


def keyed_digest(algorithm: str, secret: bytes) -> Digest:
    """HMAC-SM3 or HMAC-SHA-256 of a text; about 0.6 µs a value with SHA-256."""
    if algorithm == "sm3":
        def sm3(text: str) -> bytes:
            mac = HMAC(secret, hashes.SM3())
            mac.update(text.encode())
            return mac.finalize()[:SIZE]

        return sm3
    # HMAC by its definition (RFC 2104), from two states that know the key: twice as fast as the module that does the same.
    block = (hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")
    inner_state = hashlib.sha256(bytes(byte ^ 0x36 for byte in block)).copy
    outer_state = hashlib.sha256(bytes(byte ^ 0x5C for byte in block)).copy

    def sha256(text: str) -> bytes:
        inner, outer = inner_state(), outer_state()
        inner.update(text.encode())
        outer.update(inner.digest())
        return outer.digest()[:SIZE]

    return sha256


def digest_column(algorithm: str, secret: bytes, texts: Iterable[str | None]) -> list[bytes | None]:
    """Digests of a column; an empty or missing text stays None."""
    digest = keyed_digest(algorithm, secret)
    return [digest(text) if text else None for text in texts]
