"""What a file of settlement records comes to, as its page says it: what is due by responsibility, the largest sums."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from programs.benefit_terms import engine_language, terms_of_program
from records.models import RecordList, RecordRow


@dataclass(frozen=True)
class Line:
    """Records of one kind, and the yuan that they come to."""

    label: str
    lines: int
    due: Decimal


@dataclass(frozen=True)
class Big:
    """A record of which much is due."""

    row: RecordRow
    due: Decimal


def responsibilities(record_list: RecordList) -> list[Line]:
    """By responsibility what is due, in the plans' order."""
    parts = record_list.money.get("parts", {})
    if not parts:
        return []
    names: dict[str, str] = {}
    for terms in terms_of_program(record_list.program_id).values():
        names.update({each.code: each.name.say(engine_language()) for each in terms.responsibilities})
    return [Line(names.get(code, code), *_sums(parts[code])) for code in [*names, *(set(parts) - set(names))] if code in parts]


def _sums(told: list[Any]) -> tuple[int, Decimal]:
    return int(told[0]), Decimal(told[1])


def biggest(record_list: RecordList) -> list[Big]:
    """The records of which most is due."""
    told = record_list.money.get("biggest", [])
    rows = RecordRow.objects.in_bulk([row for row, _amount in told])
    return [Big(rows[row], Decimal(amount)) for row, amount in told if row in rows]


def context_of(record_list: RecordList) -> dict[str, Any]:
    """What the page shows of it; nothing while nothing is calculated."""
    if not record_list.money:
        return {}
    return {"responsibilities": responsibilities(record_list), "biggest": biggest(record_list)}
