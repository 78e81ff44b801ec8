"""What came in from funders, as their budgets show it: the one writer of `Budget.settled`."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from audit.faults import fault_point
from programs.errors import BudgetRefused
from programs.models import Budget
from programs.rules.allocation import ZERO


def settle_budgets(*, funder_id: int, program_id: int, period_id: int, amount: Decimal) -> None:
    """Move so many yuan that came in (below zero: went back) over a funder's budgets of a period, locked in their order.

    In: each budget as far as it is used and not settled, the last one whatever is left. Back: first what is settled
    beyond its use, then the rest, the last budget first. BudgetRefused("NOT_SETTLED") when less is settled than goes back.
    """
    if not amount:
        return
    with transaction.atomic():
        budgets = list(
            Budget.objects.select_for_update(of=("self",))
            .filter(funder_id=funder_id, program_id=program_id, period_id=period_id)
            .exclude(state=Budget.State.DRAFT).order_by("pk")
        )
        fault_point("programs.settle_budgets.before")
        before = {budget.pk: budget.settled for budget in budgets}
        left = _in(budgets, amount) if amount > 0 else _back(budgets, -amount)
        if left:
            raise BudgetRefused("NOT_SETTLED", amount=left)
        for budget in budgets:
            if budget.settled != before[budget.pk]:
                Budget.objects.filter(pk=budget.pk).update(settled=budget.settled)
        fault_point("programs.settle_budgets.after")


def _in(budgets: list[Budget], amount: Decimal) -> Decimal:
    for budget in budgets:
        part = max(ZERO, min(amount, budget.used - budget.settled))
        budget.settled += part
        amount -= part
    if budgets and amount:
        budgets[-1].settled += amount
        amount = ZERO
    return amount


def _back(budgets: list[Budget], amount: Decimal) -> Decimal:
    for within_use in (False, True):
        for budget in reversed(budgets):
            most = budget.settled if within_use else budget.settled - budget.used
            part = max(ZERO, min(amount, most))
            budget.settled -= part
            amount -= part
    return amount
