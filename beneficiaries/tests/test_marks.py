"""Marks: what they are made of, that none tells a name by how often it occurs, and what a beginning asks for."""

from __future__ import annotations

import random
from collections import Counter

import polars as pl
import pytest

from audit.digests import keyed_digest
from beneficiaries.marks import (
    _OF_THOUSAND,
    SECOND_BITS,
    begins,
    dialed,
    folded,
    mark_of,
    marks_beginning,
    name_cells,
    name_mark,
    name_marks,
    phone_cells,
    phone_mark,
)

DIGEST = keyed_digest("sha256", b"k" * 32)
RARE = [chr(0x4E00 + step * 7) for step in range(2_000) if step % 3]
LAST = [chr(0x5E00 + step * 3) for step in range(600)]
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国春梅"


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("13800138000", "13800138000"), ("+86 138 0013 8000", "13800138000"), ("138-0013-8000", "13800138000"),
        ("１３８００１３８０００", "13800138000"), ("8613800138000", "13800138000"), ("0086 13800138000", "13800138000"),
        ("(0762)3380000", "07623380000"), ("0762-3380000", "07623380000"), ("441602196203151219", ""), ("张三", ""), ("", ""),
        ("12345678901", ""), ("1380013800", ""), ("138001380001", ""), ("HY-13800138000", ""),
    ],
)
def test_a_telephone_is_read_as_people_type_it(typed: str, phone: str) -> None:
    assert dialed(typed) == phone


def test_a_column_has_the_marks_of_its_names_one_by_one() -> None:
    names = ["张三", "张三丰", "欧阳修", "阿卜杜拉·买买提", "𠮷野", "John Smith", "李", None]
    marks = name_marks(DIGEST, pl.Series(names, dtype=pl.String))
    assert marks == [None if name is None else name_mark(DIGEST, name) for name in names]
    assert marks[-1] is None and all(0 <= mark < 2**14 for mark in marks[:-1] if mark is not None)
    assert [mark_of(cell) for cell in name_cells(DIGEST, pl.Series(names, dtype=pl.String))] == marks
    digests = [DIGEST("13800138000"), None]
    assert [mark_of(cell) for cell in phone_cells(digests)] == [phone_mark(DIGEST, "13800138000"), None]


@pytest.mark.parametrize("start", ["张", "王", "欧", "欧阳", "张三", "张三丰", "阿卜杜拉·买", "𠮷", "john", "JOHN S"])
def test_every_name_that_begins_so_has_one_of_the_marks_that_are_asked_for(start: str) -> None:
    names = [f"{start.upper()}{given}" for given in ("", *GIVEN, *(f"{one}{two}" for one in GIVEN for two in "伟芳娜"))]
    asked = set(marks_beginning(DIGEST, start))
    assert {mark for mark in name_marks(DIGEST, pl.Series(names, dtype=pl.String)) if mark is not None} <= asked
    # Few of the 16,384 there are: most people are not looked at.
    assert len(asked) <= (1_200 if len(start) == 1 else 36)


def test_beginnings_are_compared_without_blanks_dots_and_case() -> None:
    assert folded(" John  Smith ") == "JOHNSMITH" and folded("阿卜杜拉•买") == folded("阿卜杜拉・买") == "阿卜杜拉·买"
    assert begins(["张三丰", "张四", None, "三张"], "张三") == [True, False, False, False]


def test_no_mark_is_so_frequent_that_it_tells_a_frequent_name() -> None:
    """People in published shares: the family name of 72 of a thousand leaves no mark that stands out."""
    chance = random.Random(1)
    shares = {sign: share for share, signs in _OF_THOUSAND.items() for sign in signs}
    rest = (1_000 - sum(shares.values())) / len(RARE)
    shares = {**dict.fromkeys(RARE, rest), **shares}
    names = [
        family + "".join(chance.choices(LAST, k=chance.choice((1, 2, 2, 2))))
        for family in chance.choices(list(shares), list(shares.values()), k=60_000)
    ]
    firsts = Counter(mark >> SECOND_BITS for mark in name_marks(DIGEST, pl.Series(names)) if mark is not None)
    most = max(firsts.values()) / len(names)
    assert max(shares.values()) == 72 and most < 0.016, most
