"""What is done in the room, one verb each."""

from claims.actions.flags import look_at_flags, set_flag_rule
from claims.actions.holidays import change_holiday, create_holiday, import_holidays
from claims.actions.service_terms import (
    approve_service_term,
    decline_service_term,
    propose_service_term,
    state_law_term,
)

__all__ = [
    "approve_service_term", "change_holiday", "create_holiday", "decline_service_term", "import_holidays", "look_at_flags",
    "propose_service_term", "set_flag_rule", "state_law_term",
]
