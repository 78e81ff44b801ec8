"""Marks: small keyed numbers of a name's beginning and of a telephone. Many people share each (ADR 34); no database here.

A mark names nobody and proves nothing: whoever has it is opened and compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import polars as pl

from audit.digests import Digest

#: Bits of a name's mark: those of its first sign, shared by about two people of a thousand, and of its second.
FIRST_BITS, SECOND_BITS = 9, 5
_SECOND = 1 << SECOND_BITS
#: Bytes of a mark, as the database keeps a smallint.
SIZE = 2
#: Of a thousand people in the country those of the frequent family names (Ministry of Public Security, report of 2020, rounded).
#: Each such name has so many marks that none of them is more frequent than those of rare names: how often a mark occurs tells
#: no name.
_OF_THOUSAND = {
    72: "王李", 68: "张", 53: "刘", 47: "陈", 31: "杨", 23: "黄", 20: "赵吴周", 15: "徐孙马朱", 12: "胡郭何林", 10: "高罗郑梁",
    7: "谢宋唐许韩邓冯曹", 5: "彭曾肖田董潘袁蔡蒋余于杜叶程魏苏", 4: "吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹",
}
_PIECES = {sign: max(1, round(share / 2)) for share, signs in _OF_THOUSAND.items() for sign in signs}
#: As a roster's cells are cleaned: letters of full width, dots of every kind. Rare and compatible signs stay what they are.
_PLAIN = {0xFEE0 + code: chr(code) for code in range(0x21, 0x7F)} | {ord(dot): "·" for dot in "•‧・．∙⋅"}
_DIALED = re.compile(r"1[3-9][0-9]{9}|0[0-9]{9,11}")
_BYTES = [number.to_bytes(SIZE, "big", signed=True) for number in range(1 << FIRST_BITS + SECOND_BITS)]


def folded(name: str) -> str:
    """A name as beginnings of it are compared: no blanks, one kind of dot, capitals."""
    return "".join(name.translate(_PLAIN).split()).upper()


def dialed(term: str) -> str:
    """The telephone that somebody typed, digits only, as rosters keep it; "" for none."""
    digits = re.sub(r"[\s()\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", term))
    digits = re.sub(r"^(\+86|0086|86)(?=1[3-9][0-9]{9}$)", "", digits)
    return digits if _DIALED.fullmatch(digits) else ""


def name_mark(digest: Digest, name: str) -> int:
    """The mark of one name."""
    [mark] = name_marks(digest, pl.Series([name], dtype=pl.String))
    return int(mark or 0)


def phone_mark(digest: Digest, phone: str) -> int:
    """The mark of one telephone."""
    return int.from_bytes(digest(phone)[:SIZE], "big", signed=True)


def marks_beginning(digest: Digest, start: str) -> list[int]:
    """The marks that names beginning so may have; some thousand of one frequent sign, few of two signs."""
    start = folded(start)
    firsts = {_first(digest, start[0], piece) for piece in range(pieces_of(start))}
    seconds = range(_SECOND) if len(start) == 1 else (_second(digest, start[:2]),)
    return sorted({first * _SECOND + second for first in firsts for second in seconds})


def pieces_of(name: str) -> int:
    """How many marks the first sign of a name has."""
    return _PIECES.get(name[0], 1)


def name_cells(digest: Digest, names: pl.Series) -> list[bytes | None]:
    """A column of names as the cells of their marks."""
    return [None if mark is None else _BYTES[mark] for mark in name_marks(digest, names)]


def mark_of(cell: bytes | None) -> int | None:
    """The mark that a cell holds."""
    return None if cell is None else int.from_bytes(cell, "big", signed=True)


def phone_cells(digests: Iterable[bytes | None]) -> list[bytes | None]:
    """The digests of a column of telephones as the cells of their marks."""
    return [digest and digest[:SIZE] for digest in digests]


def name_marks(digest: Digest, names: pl.Series) -> list[int | None]:
    """The marks of a column of names: each sign is digested once, however many names hold it."""
    plain = names.str.to_uppercase()
    if plain.str.contains(r"\s").any():
        plain = plain.str.replace_all(r"\s", "")
    signs, first = _coded(plain.str.slice(0, 1))
    lasts, last = _coded(plain.str.slice(-1))
    starts, start = _coded(plain.str.slice(0, 2))
    # Which of its name's marks somebody has, the last sign says: the same for the same name, and told by no other.
    turns = pl.Series([int.from_bytes(digest(f"last|{sign}")[:4], "big") for sign in lasts], dtype=pl.Int64)
    pieces = pl.Series([pieces_of(sign) for sign in signs], dtype=pl.Int64)
    most = max(_PIECES.values())
    firsts = pl.Series(
        [_first(digest, sign, piece) if piece < pieces_of(sign) else None for sign in signs for piece in range(most)],
        dtype=pl.Int64,
    )
    seconds = pl.Series([_second(digest, text) for text in starts], dtype=pl.Int64)
    piece = turns.gather(last) % pieces.gather(first)
    return (firsts.gather(first * most + piece) * _SECOND + seconds.gather(start)).to_list()


def _coded(values: pl.Series) -> tuple[list[str], pl.Series]:
    """The distinct values, and each value by its place among them: whatever is told of values is asked once for each."""
    distinct = values.drop_nulls().unique()
    places = pl.Series(range(len(distinct)), dtype=pl.Int64)
    return distinct.to_list(), values.replace_strict(distinct, places, default=None, return_dtype=pl.Int64)


def _first(digest: Digest, sign: str, piece: int | str) -> int:
    return int.from_bytes(digest(f"first|{piece}|{sign}")[:2], "big") >> 16 - FIRST_BITS


def _second(digest: Digest, start: str) -> int:
    return int.from_bytes(digest(f"second|{start}")[:2], "big") >> 16 - SECOND_BITS


def begins(names: Sequence[str | None], start: str) -> list[bool]:
    """Of each name whether it begins so."""
    start = folded(start)
    return [name is not None and folded(name).startswith(start) for name in names]
