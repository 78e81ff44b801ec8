"""What people do with reports of payouts."""

from results.actions.reports import DESK, confirm_totals, upload_report
from results.deciding import decide_lines

__all__ = ["DESK", "confirm_totals", "decide_lines", "upload_report"]
