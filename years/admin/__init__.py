"""Pages of the room, one file for each noun."""

from years.admin import comparisons, left, reviews

__all__ = ["comparisons", "left", "reviews"]
