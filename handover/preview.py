"""What a format's file looks like, with people who do not exist; nothing is read or kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from handover import cells
from handover.columns import columns_of
from handover.models import InsurerFormat

#: Synthetic, with right checksums.
PEOPLE: dict[str, list[Any]] = {
    "enrollment_id": [1000001, 1000002, 1000003],
    "line": [1, 2, 3],
    "name": ["张示例", "欧阳示例", "买买提·示例"],
    "document_type": ["resident_id", "resident_id", "passport"],
    "document": ["441602196203151219", "44162519951102042X", "E12345678"],
    "sex": ["male", "female", "male"],
    "birth_on": [date(1962, 3, 15), date(1995, 11, 2), date(1988, 8, 8)],
    "phone": ["13800138000", "", "13900139000"],
    "address": ["示例路1号", "示例村2组", "示例街3号"],
    "guardian_name": ["", "", ""],
    "guardian_document": ["", "", ""],
    "region_code": ["441602001001", "441625", "441602"],
    "region": ["示例市示例区示例街道示例社区", "示例市示例县", "示例市示例区"],
    "category": ["低保对象", "特困人员", "重度残疾人"],
    "program": ["示例项目"] * 3,
    "plan": ["示例方案"] * 3,
    "premium": [Decimal("99.00")] * 3,
    "own_share": [Decimal("0.01")] * 3,
    "starts_on": [date(2027, 1, 1)] * 3,
    "ends_on": [date(2027, 12, 31)] * 3,
    "policy_number": ["保单2027000001", "保单2027000002", "保单2027000003"],
    "leave_reason": ["moved", "deceased", "undone"],
    "left_on": [date(2027, 3, 31), date(2027, 4, 5), None],
}


def preview(kept: InsurerFormat, *, leaves: bool) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Headings and lines of a list of who comes, or of who goes."""
    columns = columns_of(kept.columns, leaves=leaves)
    facts = pl.DataFrame(PEOPLE, strict=False).with_columns(number=cells.cover_numbers("示例", "2027"))
    found = cells.cells_of(facts, columns, dates=kept.dates, codes=kept.codes)
    return [column.heading for column in columns], [list(row) for row in found.iter_rows()]
