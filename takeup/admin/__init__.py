"""Pages of the room, one file for each noun."""

from takeup.admin import participants, takeup, targets

__all__ = ["participants", "takeup", "targets"]
