"""Unified social credit codes (统一社会信用代码, GB 32100-2015): 18 characters, the last one a check character; pure."""

from __future__ import annotations

import unicodedata

#: Without I, O, S, V and Z, which are taken for digits.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LENGTH = 18


def clean_code(text: str) -> str:
    """Full-width letters, blanks and lower case as the standard writes them."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def check_character(body: str) -> str:
    """The last character of a code that begins with these 17."""
    total = sum(_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return _ALPHABET[-total % 31]


def is_whole(code: str) -> bool:
    """Whether a cleaned code has 18 of its letters and its check character."""
    return len(code) == _LENGTH and set(code) <= set(_ALPHABET) and check_character(code[:-1]) == code[-1]
