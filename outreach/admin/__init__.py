"""Pages of the room, one file for each noun."""

from outreach.admin import sendings, wordings

__all__ = ["sendings", "wordings"]
