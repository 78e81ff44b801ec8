"""Pages of the room, one file for each noun."""

from handover.admin import formats, hand_overs, lines, receipts

__all__ = ["formats", "hand_overs", "lines", "receipts"]
