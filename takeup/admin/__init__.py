"""Pages of the room, one file for each noun."""

from takeup.admin import takeup, targets

__all__ = ["takeup", "targets"]
