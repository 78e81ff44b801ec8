"""Columns, control lines, codes and words of a bank's format as people write them, and as they are kept; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from payouts.errors import PayoutsRefused
from payouts.fields import BY_KEY, NEEDED, TRANSFER_WORDS, folded, words_of_fields
from payouts.models.batch import FailureCode
from payouts.models.format import Takes

#: What a returned file has, by our keys.
RESULT_KEYS = ("line_key", "batch", "amount", "status", "code", "reason", "settled_on")
RESULTS = ("paid", "failed", "unknown", "returned")
#: What a line at the begin or end may name in braces.
PLACES = {
    "batch": _("batch number"), "count": _("number of payouts"), "sum": _("sum in yuan"), "sum_fen": _("sum in fen"),
    "payer_account": _("account number of the payer"), "payer_name": _("holder of the paying account"), "day": _("day of the file"),
}
_TEXT, _FIELD = ":=", "="
_PLACE = re.compile(r"\{([^{}]*)\}")
_SEPARATOR = re.compile(r"[、,，;；\n]+")
HEADING_LENGTH, TEXT_LENGTH, LINE_LENGTH = 60, 100, 300
#: Words that every returned file may use, whatever its format names.
COMMON_WORDS: dict[str, tuple[str, ...]] = {
    "paid": ("成功", "交易成功", "处理成功", "已入账", "SUCCESS", "S"),
    "failed": ("失败", "交易失败", "处理失败", "FAIL", "FAILED", "F"),
    "unknown": ("未知", "处理中", "待处理", "可疑", "UNKNOWN", "PROCESSING", "P"),
    "returned": ("退票", "退汇", "已退汇", "已退票", "RETURNED", "BANK_FAIL"),
}
COMMON_REASONS: dict[str, tuple[str, ...]] = {
    FailureCode.NAME_MISMATCH: ("户名不符", "NAME_NOT_CORRECT", "账号户名不一致", "账户名不符"),
    FailureCode.NO_ACCOUNT: ("账号不存在", "ACCOUNT_NOT_EXIST", "无此账户", "账户不存在", "账号有误"),
    FailureCode.CLOSED: ("销户", "冻结", "ACCOUNT_FROZEN", "BANK_CARD_ACCOUNT_ABNORMAL", "账户状态异常", "已注销"),
    FailureCode.LIMIT: ("限额", "DAY_RECEIVED_QUOTA_EXCEED", "超出限额", "超限"),
    FailureCode.UNVERIFIED: ("未实名", "REAL_NAME_CHECK_FAIL", "未实名认证"),
    FailureCode.BANK_CODE: ("行号错", "行号有误", "BANK_CODE_ERROR", "行号不存在"),
}


class FileColumn(NamedTuple):
    """A column of the file: its heading, and one of our fields or a text that is the same in each line."""

    heading: str
    field: str
    text: str


def read_columns(written: str) -> list[FileColumn]:
    """ "收款人 = 收款户名" takes a field of ours, "币种 := CNY" writes a text; blank lines mean nothing."""
    found: list[FileColumn] = []
    for number, line in enumerate(written.splitlines(), 1):
        if not line.strip():
            continue
        fixed = _TEXT in line
        heading, sign, said = (part.strip() for part in line.partition(_TEXT if fixed else _FIELD))
        if not sign or not heading or len(heading) > HEADING_LENGTH or len(said) > TEXT_LENGTH or not (said or fixed):
            raise PayoutsRefused("COLUMN_LINE", line=number)
        if any(each.heading == heading for each in found):
            raise PayoutsRefused("COLUMN_TWICE", heading=heading)
        field = "" if fixed else words_of_fields().get(folded(said), "")
        if not fixed and not field:
            raise PayoutsRefused("COLUMN_FIELD", field=said)
        found.append(FileColumn(heading, field, said if fixed else ""))
    return found


def checked_columns(columns: Sequence[FileColumn], *, takes: str) -> list[list[str]]:
    """As they are kept, if the bank can pay by them and its answer can be found by them."""
    if not columns:
        raise PayoutsRefused("COLUMNS_EMPTY")
    named = {column.field for column in columns}
    needed = (*NEEDED, "bank_code") if takes != Takes.IN_BANK else NEEDED
    if missing := [key for key in needed if key not in named]:
        raise PayoutsRefused("COLUMN_MISSING", fields="、".join(str(BY_KEY[key].label) for key in missing))
    return [list(column) for column in columns]


def written_columns(columns: Sequence[Sequence[str]]) -> str:
    """As people write them, in the active language."""
    return "\n".join(
        f"{heading} = {BY_KEY[field].label}" if field else f"{heading} := {text}" for heading, field, text in columns
    )


def columns_of(kept: Sequence[Sequence[str]]) -> list[FileColumn]:
    """The columns of a format."""
    return [FileColumn(*column) for column in kept]


def read_control_lines(written: str) -> list[str]:
    """Lines with places in braces, "H|{笔数}|{金额}", as they are kept: with our keys in the braces."""
    words = words_of_places()
    found = []
    for line in written.splitlines():
        if not line.strip():
            continue
        if len(line) > LINE_LENGTH:
            raise PayoutsRefused("CONTROL_LINE", most=LINE_LENGTH)
        for place in _PLACE.findall(line):
            if folded(place) not in words:
                raise PayoutsRefused("PLACE_UNKNOWN", place=place)
        if "{" in _PLACE.sub("", line) or "}" in _PLACE.sub("", line):
            raise PayoutsRefused("PLACE_UNKNOWN", place=line)
        found.append(_PLACE.sub(lambda place: "{" + words[folded(place.group(1))] + "}", line.strip("\r\n")))
    return found


def written_control_lines(lines: Sequence[str]) -> str:
    """As people write them, in the active language."""
    return "\n".join(_PLACE.sub(lambda place: "{" + str(PLACES[place.group(1)]) + "}", line) for line in lines)


def filled(line: str, facts: Mapping[str, str]) -> str:
    """A control line with its places filled."""
    return _PLACE.sub(lambda place: facts[place.group(1)], line)


def words_of_places() -> dict[str, str]:
    """Every word that names a place, in each language, folded -> its key."""
    found: dict[str, str] = {}
    for language in ("en", "zh-hans"):
        with override(language):
            found.update({folded(str(label)): key for key, label in PLACES.items()})
    return found | {key: key for key in PLACES}


def read_codes(written: str) -> dict[str, str]:
    """ "行内 = I": their words for the kinds of a transfer; what is not named keeps ours."""
    known = {folded(word): code for code, word in TRANSFER_WORDS.items()} | {code: code for code in TRANSFER_WORDS}
    found: dict[str, str] = {}
    for number, line in enumerate(written.splitlines(), 1):
        if not line.strip():
            continue
        ours, sign, theirs = (part.strip() for part in line.partition(_FIELD))
        if not sign or not theirs or len(theirs) > HEADING_LENGTH:
            raise PayoutsRefused("CODE_LINE", line=number)
        if folded(ours) not in known:
            raise PayoutsRefused("CODE_UNKNOWN", word=ours)
        found[known[folded(ours)]] = theirs
    return found


def written_codes(codes: Mapping[str, str]) -> str:
    """As people write them."""
    return "\n".join(f"{TRANSFER_WORDS[code]} = {theirs}" for code, theirs in codes.items())


def read_words(written: str) -> list[str]:
    """Words with commas or line ends between them, each once."""
    return list(dict.fromkeys(word.strip()[:HEADING_LENGTH] for word in _SEPARATOR.split(written) if word.strip()))


def checked_words(words: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The words of what became of a line; none may mean two things."""
    seen: dict[str, str] = {}
    for meaning, said in words.items():
        for word in said:
            if seen.setdefault(word, meaning) != meaning:
                raise PayoutsRefused("WORDS_TWICE", word=word)
    return {meaning: list(said) for meaning, said in words.items()}


def read_reasons(written: str) -> dict[str, list[str]]:
    """ "户名不符 = E001、E002": the bank's codes and words for each of our reasons, one line a reason."""
    known = words_of_reasons()
    found: dict[str, list[str]] = {}
    taken: dict[str, str] = {}
    for number, line in enumerate(written.splitlines(), 1):
        if not line.strip():
            continue
        ours, sign, theirs = (part.strip() for part in line.partition(_FIELD))
        if not sign or not theirs:
            raise PayoutsRefused("CODE_LINE", line=number)
        if folded(ours) not in known:
            raise PayoutsRefused("CODE_UNKNOWN", word=ours)
        code = known[folded(ours)]
        for word in read_words(theirs):
            if taken.setdefault(word, code) != code:
                raise PayoutsRefused("WORDS_TWICE", word=word)
            found.setdefault(code, []).append(word)
    return found


def written_reasons(reasons: Mapping[str, Sequence[str]]) -> str:
    """As people write them, in the active language."""
    return "\n".join(f"{FailureCode(code).label} = {'、'.join(words)}" for code, words in reasons.items())


def words_of_reasons() -> dict[str, str]:
    """Every word that names a reason of ours, in each language, folded -> its code."""
    found: dict[str, str] = {}
    for language in ("en", "zh-hans"):
        with override(language):
            found.update({folded(str(code.label)): code.value for code in FailureCode if code.value})
    return found | {code.value: code.value for code in FailureCode if code.value}


def result_words(own: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Word of a returned file -> what became of the line: the bank's own words, and common ones that it uses for nothing else."""
    taken = {word for words in own.values() for word in words}
    common = {word: meaning for meaning, words in COMMON_WORDS.items() for word in words if word not in taken}
    return common | {word: meaning for meaning, words in own.items() for word in words}


def reason_words(own: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Code or word of a returned file -> our reason."""
    taken = {word for words in own.values() for word in words}
    common = {word: str(code) for code, words in COMMON_REASONS.items() for word in words if word not in taken}
    return common | {word: code for code, words in own.items() for word in words}
