"""The list of money that goes back the way it came, for the bank of the collecting account: written as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils.translation import override

from audit import keys
from exports.columns import Column
from exports.formats import csv_piece
from gates.models import Channel, Clearing, HeldKind
from gates.models.statement import NAME

#: Lines that are read at a step.
STEP = 5_000
#: Always Chinese, as what banks read.
HEADINGS = (
    "退款序号", "收款渠道", "对账单号", "工作表", "行号", "原流水号", "原缴费日期", "退款金额(元)", "姓名", "保障凭证号",
    "退款原因",
)
_LINES = """
SELECT l.number, r.sheet, r.line, r.serial, r.paid_on, l.amount, r.name, r.number, h.kind
FROM gates_clearingline l JOIN gates_heldpayment h ON h.id = l.held_id JOIN gates_statementrow r ON r.id = h.row_id
WHERE l.clearing_id = %s AND l.number > %s ORDER BY l.number LIMIT %s
"""


def _none(_row: object) -> str:
    return ""


_COLUMNS = [Column(heading, heading, _none) for heading in HEADINGS]


def content_of(clearing: Clearing) -> Iterator[bytes]:
    """The list as CSV, a step of lines at a time: the same bytes whenever it is fetched, since no line changes."""
    statement: Any = clearing.statement
    after, first = 0, True
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_LINES, [clearing.pk, after, STEP])
            found = cursor.fetchall()
        if not found and not first:
            return
        names = keys.open_many((bytes(row[6]) for row in found if row[6] is not None), NAME)
        opened = iter(names)
        with override("zh-hans"):
            channel = str(Channel(statement.channel).label)
            rows: list[tuple[Any, ...]] = [
                (
                    f"T{clearing.pk}-{number}", channel, statement.reference, sheet, str(line), serial or "", paid_on or "", amount,
                    next(opened) if name is not None else "", cover or "", str(HeldKind(kind).label),
                )
                for number, sheet, line, serial, paid_on, amount, name, cover, kind in found
            ]
            yield csv_piece(_COLUMNS, rows, first=first)
        if not found:
            return
        after, first = found[-1][0], False
