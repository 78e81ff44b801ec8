"""Pages of the room, one file for each noun."""

from papers.admin import printings, requests, wordings

__all__ = ["printings", "requests", "wordings"]
