"""Pages of the room, one file for each noun."""

from complaints.admin import complaints, wordings

__all__ = ["complaints", "wordings"]
