"""Models of the room."""

from years.models.comparison import Comparison, Outcome, YearCount, YearLeft

__all__ = ["Comparison", "Outcome", "YearCount", "YearLeft"]
