"""Models of the room."""

from years.models.comparison import Comparison, Outcome, YearCount, YearLeft
from years.models.review import PlanReview, ReviewState

__all__ = ["Comparison", "Outcome", "PlanReview", "ReviewState", "YearCount", "YearLeft"]
