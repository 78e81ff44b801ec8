"""The nouns of the room, one file each."""

from closing.models.closing import ClosingState, MonthClosing
from closing.models.figures import ClosedBalance, ClosedFigure

__all__ = ["ClosedBalance", "ClosedFigure", "ClosingState", "MonthClosing"]
