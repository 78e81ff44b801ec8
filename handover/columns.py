"""Columns, codes and words of an insurer's format as people write them, one line each, and as they are kept; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from handover.errors import HandOverRefused
from handover.fields import BY_KEY, CODE_WORDS, LEAVING, LEAVING_COLUMNS, folded, words_of_fields

ENTRIES, LEAVES = "entries", "leaves"
#: What a receipt has, by our keys.
RECEIPT_KEYS = ("number", "policy_number", "result", "reason")
_TEXT, _FIELD = ":=", "="
_SEPARATOR = re.compile(r"[、,，;；\n]+")
HEADING_LENGTH, TEXT_LENGTH = 60, 100


class FileColumn(NamedTuple):
    """A column of the file: its heading, and one of our fields or a text that is the same in each line."""

    heading: str
    field: str
    text: str


def read_columns(written: str) -> list[FileColumn]:
    """ "投保人姓名 = 姓名" takes a field of ours, "币种 := CNY" writes a text; blank lines mean nothing."""
    found: list[FileColumn] = []
    for number, line in enumerate(written.splitlines(), 1):
        if not line.strip():
            continue
        fixed = _TEXT in line
        heading, sign, said = (part.strip() for part in line.partition(_TEXT if fixed else _FIELD))
        if not sign or not heading or len(heading) > HEADING_LENGTH or len(said) > TEXT_LENGTH or not (said or fixed):
            raise HandOverRefused("COLUMN_LINE", line=number)
        if any(each.heading == heading for each in found):
            raise HandOverRefused("COLUMN_TWICE", heading=heading)
        field = "" if fixed else words_of_fields().get(folded(said), "")
        if not fixed and not field:
            raise HandOverRefused("COLUMN_FIELD", field=said)
        found.append(FileColumn(heading, field, said if fixed else ""))
    return found


def checked_columns(entries: Sequence[FileColumn], leaves: Sequence[FileColumn]) -> dict[str, list[list[str]]]:
    """As they are kept; without columns of their own, removals have those of additions with reason and day."""
    if not entries:
        raise HandOverRefused("COLUMNS_EMPTY")
    if not leaves:
        own = [column for column in LEAVING_COLUMNS if column[0] not in {each.heading for each in entries}]
        leaves = [*entries, *(FileColumn(*column) for column in own)]
    for columns in (entries, leaves):
        if all(column.field != "number" for column in columns):
            raise HandOverRefused("COLUMN_NUMBER")
    if wrong := [column.heading for column in entries if column.field in LEAVING]:
        raise HandOverRefused("COLUMN_FIELD", field=wrong[0])
    return {ENTRIES: [list(column) for column in entries], LEAVES: [list(column) for column in leaves]}


def written_columns(columns: Sequence[Sequence[str]]) -> str:
    """As people write them, in the active language."""
    return "\n".join(
        f"{heading} = {BY_KEY[field].label}" if field else f"{heading} := {text}" for heading, field, text in columns
    )


def read_codes(kind: str, written: str) -> dict[str, str]:
    """ "居民身份证 = 01": their words for our codes of a kind; what is not named keeps ours."""
    known = {folded(word): code for code, word in CODE_WORDS[kind].items()} | {code: code for code in CODE_WORDS[kind]}
    found: dict[str, str] = {}
    for number, line in enumerate(written.splitlines(), 1):
        if not line.strip():
            continue
        ours, sign, theirs = (part.strip() for part in line.partition(_FIELD))
        if not sign or not theirs or len(theirs) > HEADING_LENGTH:
            raise HandOverRefused("CODE_LINE", line=number)
        if folded(ours) not in known:
            raise HandOverRefused("CODE_UNKNOWN", word=ours)
        found[known[folded(ours)]] = theirs
    return found


def written_codes(kind: str, codes: Mapping[str, str]) -> str:
    """As people write them."""
    return "\n".join(f"{CODE_WORDS[kind][code]} = {theirs}" for code, theirs in codes.items())


def read_words(written: str) -> list[str]:
    """Words with commas or line ends between them, each once."""
    return list(dict.fromkeys(word.strip()[:HEADING_LENGTH] for word in _SEPARATOR.split(written) if word.strip()))


def checked_words(accepted: Sequence[str], refused: Sequence[str]) -> dict[str, list[str]]:
    """The words of a receipt's decision; none may mean both."""
    if both := [word for word in accepted if word in refused]:
        raise HandOverRefused("WORDS_TWICE", word=both[0])
    return {"accepted": list(accepted), "refused": list(refused)}


def columns_of(kept: Mapping[str, Sequence[Sequence[str]]], *, leaves: bool) -> list[FileColumn]:
    """The columns of a list of who comes, or of who goes."""
    return [FileColumn(*column) for column in kept[LEAVES if leaves else ENTRIES]]
