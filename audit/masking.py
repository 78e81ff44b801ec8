"""Personal values made unreadable, one at a time: enough is left for those who know the person to recognise it."""

from __future__ import annotations

from collections.abc import Callable

Mask = Callable[[str], str]

DOUBLE_SURNAMES = frozenset(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 "
    "慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 令狐 轩辕 呼延 百里".split()
)


def hidden(value: str) -> str:
    """Nothing of it."""
    return "****" if value else ""


def mask_name(name: str) -> str:
    """The surname: 张**, 欧阳*."""
    kept = 2 if len(name) > 2 and name[:2] in DOUBLE_SURNAMES else 1
    return name[:kept] + "*" * max(0, len(name) - kept)


def mask_document(number: str) -> str:
    """First and last four of a long number."""
    return _ends(number, head=4, tail=4)


def mask_phone(phone: str) -> str:
    """138****5678."""
    return _ends(phone, head=3, tail=4)


def mask_account(number: str) -> str:
    """The last four."""
    return _ends(number, head=0, tail=4)


def mask_address(address: str) -> str:
    """The first three characters."""
    return address[:3] + ("****" if len(address) > 3 else "")


def _ends(value: str, *, head: int, tail: int) -> str:
    if not value:
        return ""
    if len(value) >= head + tail + 4:
        return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
    return "*" * (len(value) - 1) + value[-1]
