"""Pages of the room, one file each."""

from programs.admin.budgets import BudgetAdmin, BudgetReservationAdmin
from programs.admin.ledger import LedgerAccountAdmin, LedgerTransactionAdmin
from programs.admin.plans import FundingSchemeAdmin, PeriodAdmin, PlanAdmin
from programs.admin.programs import CategoryAdmin, FunderAdmin, ProgramAdmin
from programs.admin.reference import CodeAdmin, HospitalAdmin

__all__ = [
    "BudgetAdmin", "BudgetReservationAdmin", "CategoryAdmin", "CodeAdmin", "FunderAdmin", "FundingSchemeAdmin", "HospitalAdmin",
    "LedgerAccountAdmin", "LedgerTransactionAdmin", "PeriodAdmin", "PlanAdmin", "ProgramAdmin",
]
