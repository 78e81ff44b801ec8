"""What people and rooms do with plans, periods, budgets and money."""

from programs.actions.books import open_books_from
from programs.actions.budgets import approve_budget, close_budget, propose_budget
from programs.actions.categories import CategoryLine, change_category, create_category, import_categories
from programs.actions.codes import change_code, create_code, import_codes
from programs.actions.hospitals import change_hospital, create_hospital, import_hospitals
from programs.actions.ledger import Leg, post
from programs.actions.papers import add_paper, open_paper, remove_paper
from programs.actions.periods import close_period, open_period
from programs.actions.plans import (
    approve_plan,
    clear_benefits,
    copy_plan,
    create_funder,
    create_plan,
    create_program,
    put_in_force,
    refuse_plan,
    retire_plan,
    set_benefits,
    submit_plan,
    usual_terms,
)
from programs.actions.receipts import assign_held, count_held_once, hold_own, receive_own, return_held, reverse_own
from programs.actions.reservations import (
    give_back_used,
    has_lapsed,
    open_budgets,
    release_reservation,
    reserve,
    reserve_by_priority,
    take_back_used,
    use_reserved,
)
from programs.actions.settling import settle_budgets
from programs.actions.splits import resolve_splits, split_of_parts
from programs.rules.allocation import Demand

__all__ = [
    "CategoryLine", "Demand", "Leg", "add_paper", "approve_budget", "approve_plan", "assign_held", "change_category",
    "change_code", "change_hospital", "clear_benefits", "close_budget", "close_period", "copy_plan", "count_held_once",
    "create_category", "create_code", "create_funder", "create_hospital", "create_plan", "create_program", "give_back_used",
    "has_lapsed", "hold_own", "import_categories", "import_codes", "import_hospitals", "open_books_from", "open_budgets",
    "open_paper", "open_period", "post", "propose_budget", "put_in_force", "receive_own", "refuse_plan",
    "release_reservation", "remove_paper", "reserve", "reserve_by_priority", "resolve_splits", "retire_plan", "return_held",
    "reverse_own", "set_benefits", "settle_budgets", "split_of_parts", "submit_plan", "take_back_used", "use_reserved",
    "usual_terms",
]
