"""Pages of the room, one file each."""

from programs.admin.budgets import BudgetAdmin, BudgetReservationAdmin
from programs.admin.ledger import LedgerAccountAdmin, LedgerTransactionAdmin
from programs.admin.plans import FundingSchemeAdmin, PeriodAdmin, PlanAdmin
from programs.admin.programs import CategoryAdmin, FunderAdmin, ProgramAdmin

__all__ = [
    "BudgetAdmin", "BudgetReservationAdmin", "CategoryAdmin", "FunderAdmin", "FundingSchemeAdmin",
    "LedgerAccountAdmin", "LedgerTransactionAdmin", "PeriodAdmin", "PlanAdmin", "ProgramAdmin",
]
