"""Texts of messages: which places they may have, how long they are, what they must not say; pure, nothing is read or kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from audit.masking import mask_name

#: Place as it stands in a text -> our name of the fact. Nothing else of a person is ever put into a message.
PLACES: Mapping[str, str] = {
    "姓名": "name", "项目": "program", "凭证号": "number", "起保日": "first_day", "止保日": "last_day", "应缴金额": "amount",
    "缴费截止日": "pay_until", "咨询电话": "hotline", "查验网址": "check_page",
}
#: Of the whole text: whatever stands in braces is one of the places. The database holds it too.
ALLOWED = r"^([^{}]|\{(" + "|".join(PLACES) + r")\})*$"
_ALLOWED = re.compile(ALLOWED)
_PLACE = re.compile(r"\{([^{}]*)\}")
#: What tells of health, hardship or papers: no message says it, whoever reads the phone.
SENSITIVE = (
    "身份证", "证件号", "银行卡号", "疾病", "患病", "病历", "病情", "重病", "大病患者", "确诊", "诊断", "残疾", "癌", "肿瘤",
    "精神障碍", "贫困", "困难户", "低保", "特困", "孤儿",
)
#: Signs of one message, and of each of several: a text with a Chinese sign is sent as UCS-2.
ONE, EACH = 70, 67
#: What a gateway takes.
MOST_SEGMENTS = 6


def signs(text: str) -> int:
    """Signs as a phone counts them: one beyond the basic plane (𠮷) counts twice."""
    return len(text.encode("utf-16-le")) // 2


def segments(text: str) -> int:
    """How many messages a text is sent, and paid for, as: up to 70 signs one, more in pieces of 67."""
    count = signs(text)
    return 1 if count <= ONE else -(-count // EACH)


def strange_places(text: str) -> list[str]:
    """What stands in braces and is no place; a lone brace is one, too."""
    if _ALLOWED.match(text):
        return []
    return [place for place in _PLACE.findall(text) if place not in PLACES] or ["{", "}"]


def places_of(text: str) -> set[str]:
    """Our names of the facts that a text asks for."""
    return {PLACES[place] for place in _PLACE.findall(text) if place in PLACES}


def sensitive_words(text: str, *, categories: Iterable[str]) -> list[str]:
    """Words of the text that tell of health, papers, or a category of hardship by one of its names."""
    named = [*SENSITIVE, *(name for name in categories if len(name) > 1)]
    return sorted({word for word in named if word in text})


def pieces(text: str) -> list[tuple[str, str]]:
    """The text as a row of (fact, "") and ("", words)."""
    found: list[tuple[str, str]] = []
    end = 0
    for place in _PLACE.finditer(text):
        found += [("", text[end : place.start()]), (PLACES[place.group(1)], "")]
        end = place.end()
    return [piece for piece in [*found, ("", text[end:])] if piece != ("", "")]


def filled(text: str, facts: Mapping[str, str]) -> str:
    """One text with its places filled."""
    return "".join(facts[fact] if fact else words for fact, words in pieces(text))


def yuan(amount: Decimal) -> str:
    """0.01元."""
    return f"{amount:.2f}元"


#: People who do not exist, for the preview: a short name, a long one, one with a sign that counts twice.
NOBODY: tuple[Mapping[str, str], ...] = tuple(
    {"name": name, "number": number, "first_day": first, "last_day": "2027年12月31日", "amount": amount}
    for name, number, first, amount in (
        ("张三", "HY-2027-000000000198", "2027年1月1日", "0.01元"),
        ("阿卜杜热西提·买买提", "HY-2027-000012345673", "2027年1月1日", "129.00元"),
        ("欧阳𠮷", "HY-2027-000099999928", "2027年10月15日", "1069.00元"),
    )
)


def masked_example(name: str) -> str:
    """As messages mask names."""
    return mask_name(name)
