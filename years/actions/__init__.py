"""What people do with comparisons of years and reviews of periods, and what the clock does."""

from years.actions.comparisons import ask_comparison, count_comparison, count_due
from years.actions.reviews import approve_review, decline_review, draw_up_review

__all__ = ["approve_review", "ask_comparison", "count_comparison", "count_due", "decline_review", "draw_up_review"]
