"""The room's pages."""

from claims.admin.calendar import HolidayAdmin
from claims.admin.flags import FlagRuleAdmin
from claims.admin.letters import LetterWordingAdmin
from claims.admin.service_terms import ServiceTermAdmin

__all__ = ["FlagRuleAdmin", "HolidayAdmin", "LetterWordingAdmin", "ServiceTermAdmin"]
