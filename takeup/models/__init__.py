"""Models of the room."""

from takeup.models.takeup import DayCount, TakeUp
from takeup.models.target import Target, TargetState

__all__ = ["DayCount", "TakeUp", "Target", "TargetState"]
