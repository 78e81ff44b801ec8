"""What the page of one funder shows: its money by program and period, as far as its reader may see budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _t

from programs.models import Budget, Funder

ZERO = Decimal("0.00")
_VIEW = "programs.view_budget"


@dataclass(frozen=True)
class MoneyRow:
    """A funder's approved and closed budgets for one period of a program, yuan; `free` can still be reserved."""

    title: str
    granted: Decimal
    reserved: Decimal
    used: Decimal
    settled: Decimal
    free: Decimal


def page_context(funder: Funder, *, to: Any) -> dict[str, Any]:
    """Facts and money of a funder."""
    rows = money_of(funder, to=to)
    return {
        "funder": funder,
        "facts": [
            (_t("kind"), funder.get_kind_display()),
            (_t("organization"), funder.organization.name if funder.organization is not None else ""),
            (_t("active"), _t("Yes") if funder.active else _t("No")),
        ],
        "money": rows,
        "total": total_of(rows),
    }


def money_of(funder: Funder, *, to: Any) -> list[MoneyRow]:
    """By program and period, the newest period first; one question, drafts aside."""
    found: Iterable[Any] = (
        Budget.objects.visible_to(to, _VIEW).filter(funder=funder).exclude(state=Budget.State.DRAFT)
        .values("program__name", "period__code")
        .annotate(
            sum_granted=Sum("granted"), sum_reserved=Sum("reserved"), sum_used=Sum("used"), sum_settled=Sum("settled"),
            sum_free=Sum(F("granted") - F("reserved") - F("used"), filter=Q(state=Budget.State.APPROVED), default=ZERO),
        )
        .order_by("-period__code", "program__name")
    )
    return [
        MoneyRow(
            f"{row['program__name']} {row['period__code']}",
            *(row[f"sum_{name}"] for name in ("granted", "reserved", "used", "settled", "free")),
        )
        for row in found
    ]


def total_of(rows: Sequence[MoneyRow]) -> MoneyRow | None:
    """The sum of several rows; None where it would only repeat the one."""
    if len(rows) < 2:
        return None
    columns = ("granted", "reserved", "used", "settled", "free")
    return MoneyRow(_t("Total"), *(sum((getattr(row, name) for row in rows), ZERO) for name in columns))
