"""What people do with comparisons of years, and what the clock does."""

from years.actions.comparisons import ask_comparison, count_comparison, count_due

__all__ = ["ask_comparison", "count_comparison", "count_due"]
