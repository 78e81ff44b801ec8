"""A month of each program for the scope matrix, with a figure and a balance."""

from __future__ import annotations

from typing import Any

from beneficiaries.testing import World
from closing.models import ClosedBalance, ClosedFigure, MonthClosing
from programs.models import LedgerAccount
from programs.models.books import month_of


def add_month(world: World, *, at: Any) -> None:
    """As if it had been drawn up; one of a program, whatever its offices."""
    if MonthClosing.objects.filter(program=world.program).exists():
        return
    closing = MonthClosing.objects.create(
        program=world.program, month=month_of(at.date()), postings=1, drawn_by=world.finance_maker, drawn_at=at,
        measures=[], open_points=[],
    )
    ClosedFigure.objects.create(closing=closing, measure="covers.begun", before=0, amount=1)
    account = LedgerAccount.objects.filter(program=world.program).earliest("pk")
    ClosedBalance.objects.create(closing=closing, account=account, kind=account.kind, opening=0, debits=1, credits=0)
    MonthClosing.objects.filter(pk=closing.pk).update(digest="0" * 64)
