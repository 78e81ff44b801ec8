"""Pages of the room, one file for each noun."""

from handover.admin import formats, hand_overs, invoices, lines, receipts, remittances

__all__ = ["formats", "hand_overs", "invoices", "lines", "receipts", "remittances"]
