"""Pages of this room."""

from results.admin.reports import ReportAdmin
from results.admin.results import ResultAdmin

__all__ = ["ReportAdmin", "ResultAdmin"]
