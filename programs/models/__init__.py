"""The nouns of the room, one file each."""

from programs.models.budget import Budget, BudgetReservation, BudgetReservationLine
from programs.models.funding import Funder, FundingScheme, FundingShare, FundingSplit, FundingSplitLine
from programs.models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from programs.models.plan import Period, Plan, PlanCategory, PlanRegion
from programs.models.program import Category, Program

__all__ = [
    "Budget", "BudgetReservation", "BudgetReservationLine", "Category", "Funder", "FundingScheme", "FundingShare",
    "FundingSplit", "FundingSplitLine", "LedgerAccount", "LedgerEntry", "LedgerTransaction", "Period", "Plan",
    "PlanCategory", "PlanRegion", "Program",
]
