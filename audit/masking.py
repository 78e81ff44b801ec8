"""Personal values made unreadable, one at a time: enough is left for those who know the person to recognise it."""

from __future__ import annotations

from collections.abc import Callable

Mask = Callable[[str], str]

_DOUBLE = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳"
    "公冶太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇令狐轩辕呼延百里"
)
DOUBLE_SURNAMES = frozenset(_DOUBLE[at : at + 2] for at in range(0, len(_DOUBLE), 2))


def hidden(value: str) -> str:
    """Nothing of it."""
    return "****" if value else ""


def mask_name(name: str) -> str:
    """The surname: 张**, 欧阳*; nothing of a name of one character."""
    if len(name) == 1:
        return "*"
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
    """The first three characters; of a shorter one the first."""
    if not address:
        return ""
    return (address[:3] if len(address) > 3 else address[:1]) + "****"


def _ends(value: str, *, head: int, tail: int) -> str:
    if not value:
        return ""
    if len(value) >= head + tail + 4:
        return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
    return "*" * (len(value) - 1) + (value[-1] if len(value) > 1 else "*")
