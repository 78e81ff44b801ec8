"""Amounts as letters and vouchers write them out."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def amount_in_words(amount: Decimal) -> str:
    """An amount of yuan as letters and vouchers write it out: 344.05 is 叁佰肆拾肆元零伍分. Below a quintillion."""
    fen = int((abs(amount) * 100).to_integral_value(ROUND_HALF_UP))
    yuan, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    said = _whole_in_words(yuan) + "元" if yuan else ""
    if not fen:
        said = "零元"
    if not jiao and not rest:
        said += "整"
    else:
        said += f"{_DIGITS[jiao]}角" if jiao else "零" if yuan else ""
        said += f"{_DIGITS[rest]}分" if rest else "整"
    return f"负{said}" if amount < 0 else said


def _whole_in_words(number: int) -> str:
    said, gap = "", False
    for place in range(len(_GROUPS) - 1, -1, -1):
        group = number // 10_000**place % 10_000
        if not group:
            gap = gap or bool(said)
            continue
        for unit in range(3, -1, -1):
            digit = group // 10**unit % 10
            if digit:
                said += ("零" if gap else "") + _DIGITS[digit] + _UNITS[unit]
                gap = False
            elif said:
                gap = True
        said += _GROUPS[place]
    return said
