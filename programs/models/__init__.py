"""The nouns of the room, one file each."""

from programs.models.benefits import PlanBenefits
from programs.models.books import Books
from programs.models.budget import Budget, BudgetReservation, BudgetReservationLine
from programs.models.funding import Funder, FundingScheme, FundingShare, FundingSplit, FundingSplitLine
from programs.models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from programs.models.plan import Period, Plan, PlanCategory, PlanPrice, PlanRegion
from programs.models.program import Category, Program
from programs.models.reference import Code, Hospital

__all__ = [
    "Books", "Budget", "BudgetReservation", "BudgetReservationLine", "Category", "Code", "Funder", "FundingScheme", "FundingShare",
    "FundingSplit", "FundingSplitLine", "Hospital", "LedgerAccount", "LedgerEntry", "LedgerTransaction", "Period", "Plan",
    "PlanBenefits", "PlanCategory", "PlanPrice", "PlanRegion", "Program",
]
