"""Pages of the room, one file for each noun."""

from papers.admin import printings, wordings

__all__ = ["printings", "wordings"]
