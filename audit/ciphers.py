"""Authenticated encryption of one value: bytes in, bytes out; knows no key store and no database.

Token: format (1 byte) | key id (4, big-endian) | nonce (12) | ciphertext and tag (16).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as RawCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEAD = 5
NONCE = 12
TAG = 16


#: What stands in a destroyed value's place: a token of no key (keys are numbered from 1), the same everywhere.
NO_KEY = 0
DESTROYED = bytes([1]) + bytes(4 + NONCE + TAG)


class DamagedToken(ValueError):
    """A token that was altered, cut, or sealed for another place."""


class Cipher(ABC):
    """One key of one algorithm."""

    format: ClassVar[int]
    key_bytes: ClassVar[int]

    def __init__(self, key: bytes) -> None:
        if len(key) != self.key_bytes:
            raise ValueError(f"{type(self).__name__} wants a key of {self.key_bytes} bytes")
        self.key = key

    @abstractmethod
    def encrypt(self, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        """Ciphertext and tag."""

    @abstractmethod
    def decrypt(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        """The plain bytes; DamagedToken where the tag does not fit."""


class Aes256Gcm(Cipher):
    """AES-256-GCM (NIST SP 800-38D)."""

    format = 1
    key_bytes = 32

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self._aead = AESGCM(key)
        # The library's own method, without a call of ours around it: columns of millions pass here.
        self.encrypt = self._aead.encrypt  # type: ignore[method-assign,assignment]

    def encrypt(self, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        """Ciphertext and tag."""
        return self._aead.encrypt(nonce, plain, bound)

    def decrypt(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        """The plain bytes."""
        try:
            return self._aead.decrypt(nonce, sealed, bound)
        except InvalidTag as error:
            raise DamagedToken("the tag does not fit") from error


class Sm4Gcm(Cipher):
    """SM4-GCM (GB/T 32907-2016, RFC 8998)."""

    format = 2
    key_bytes = 16

    def encrypt(self, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        """Ciphertext and tag."""
        encryptor = RawCipher(algorithms.SM4(self.key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(bound)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        """The plain bytes."""
        decryptor = RawCipher(algorithms.SM4(self.key), modes.GCM(nonce, sealed[-TAG:])).decryptor()
        decryptor.authenticate_additional_data(bound)
        try:
            return decryptor.update(sealed[:-TAG]) + decryptor.finalize()
        except InvalidTag as error:
            raise DamagedToken("the tag does not fit") from error


CIPHERS: dict[str, type[Cipher]] = {"aes-256-gcm": Aes256Gcm, "sm4-gcm": Sm4Gcm}
FORMATS: dict[int, type[Cipher]] = {cipher.format: cipher for cipher in CIPHERS.values()}


def seal(cipher: Cipher, key_id: int, plain: bytes, bound: bytes, *, nonce: bytes | None = None) -> bytes:
    """A token; `bound` (associated data) must be given again to open it."""
    nonce = nonce or os.urandom(NONCE)
    return bytes([cipher.format]) + key_id.to_bytes(4, "big") + nonce + cipher.encrypt(nonce, plain, bound)


def seal_column(cipher: Cipher, key_id: int, texts: Sequence[str | None], bound: bytes) -> list[bytes | None]:
    """Tokens of a column; an empty or missing text stays None. About 1 µs a value with AES-GCM."""
    encrypt, head = cipher.encrypt, bytes([cipher.format]) + key_id.to_bytes(4, "big")
    random = os.urandom(NONCE * sum(map(bool, texts)))
    nonces = iter([random[start : start + NONCE] for start in range(0, len(random), NONCE)])
    return [head + (nonce := next(nonces)) + encrypt(nonce, text.encode(), bound) if text else None for text in texts]


def key_id_of(token: bytes) -> int:
    """The id of the key that opens a token."""
    if len(token) < HEAD + NONCE + TAG or token[0] not in FORMATS:
        raise DamagedToken("not a sealed value")
    return int.from_bytes(token[1:HEAD], "big")


def open_token(cipher: Cipher, token: bytes, bound: bytes) -> bytes:
    """The plain bytes of a token."""
    if len(token) < HEAD + NONCE + TAG or token[0] != cipher.format:
        raise DamagedToken("sealed by another algorithm")
    return cipher.decrypt(token[HEAD : HEAD + NONCE], token[HEAD + NONCE :], bound)
