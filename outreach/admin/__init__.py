"""Pages of the room, one file for each noun."""

from outreach.admin import reports, sendings, wordings

__all__ = ["reports", "sendings", "wordings"]
