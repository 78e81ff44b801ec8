"""What people do with months."""

from closing.actions.months import approve_closing, decline_closing, draw_up_month, submit_closing, withdraw_closing

__all__ = ["approve_closing", "decline_closing", "draw_up_month", "submit_closing", "withdraw_closing"]
