"""Budgets: tranches proposed by one person of the funder or office, approved by another; closed. More money: one more."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from programs.actions.ledger import budget_legs, post
from programs.errors import BudgetRefused
from programs.models import Budget, Category, Funder, LedgerTransaction, Period
from programs.models.ledger import AccountKind


def propose_budget(
    funder: Funder, *, period: Period, label: str, granted: Decimal, by: User, at: datetime, region_prefix: str = "",
    category: Category | None = None,
) -> Budget:
    """A tranche that holds nothing until another person approves it."""
    label = " ".join(label.split())
    if granted <= 0:
        raise BudgetRefused("AMOUNT")
    if not label:
        raise BudgetRefused("LABEL")
    with transaction.atomic():
        # One at a time per period: the second of two with one label waits here and finds the first.
        period = Period.objects.select_for_update(of=("self",)).select_related("program__organization").get(pk=period.pk)
        if period.closed_at is not None:
            raise BudgetRefused("PERIOD_CLOSED", period=period.code)
        if Budget.objects.filter(funder=funder, period=period, label=label).exists():
            raise BudgetRefused("LABEL_TWICE", label=label)
        fault_point("programs.propose_budget.before")
        budget = Budget.objects.create(
            funder=funder, program=period.program, period=period, label=label, granted=granted,
            region_prefix=region_prefix, category=category, proposed_by=by, proposed_at=at,
        )
        _record("budget.proposed", budget, by=by, at=at, amount=str(granted))
        fault_point("programs.propose_budget.after")
    return budget


def approve_budget(budget: Budget, *, by: User, at: datetime) -> Budget:
    """From now on rosters can reserve it."""
    with transaction.atomic():
        budget = _locked(budget, Budget.State.DRAFT)
        if by.pk == budget.proposed_by_id:
            raise BudgetRefused("OWN_WORK")
        budget.state, budget.approved_by, budget.approved_at = Budget.State.APPROVED, by, at
        fault_point("programs.approve_budget.before")
        budget.save(update_fields=["state", "approved_by", "approved_at"])
        _post_grant(budget, budget.granted, by=by, at=at)
        _record("budget.approved", budget, by=by, at=at, amount=str(budget.granted))
        fault_point("programs.approve_budget.after")
    return budget


def close_budget(budget: Budget, *, by: User, at: datetime) -> Budget:
    """Nothing can be reserved of it any more; what was used stays."""
    with transaction.atomic():
        budget = _locked(budget, Budget.State.APPROVED)
        if budget.reserved:
            raise BudgetRefused("BUDGET_BUSY", reserved=budget.reserved)
        budget.state = Budget.State.CLOSED
        fault_point("programs.close_budget.before")
        budget.save(update_fields=["state"])
        _record("budget.closed", budget, by=by, at=at)
        fault_point("programs.close_budget.after")
    return budget


def _post_grant(budget: Budget, amount: Decimal, *, by: Any, at: datetime) -> None:
    post(
        LedgerTransaction.Kind.GRANT,
        budget_legs(AccountKind.BUDGET_GRANTED, AccountKind.BUDGET_AVAILABLE, budget, amount),
        program_id=budget.program_id, source=budget, memo=budget.label, by=by, at=at,
    )


def _locked(budget: Budget, state: Budget.State) -> Budget:
    found = (
        Budget.objects.select_for_update(of=("self",)).select_related("program__organization", "funder").get(pk=budget.pk)
    )
    fault_point("programs.budget.locked")
    if found.state != state:
        raise BudgetRefused("STATE", state=found.get_state_display())
    return found


def _record(verb: str, budget: Budget, *, by: User, at: datetime, **data: Any) -> None:
    program = budget.program
    events.record(
        verb, budget, by=by, at=at, organization=program.organization, region_code=program.region_code,
        program_id=program.pk, data={"tranche": budget.label, **data},
    )
