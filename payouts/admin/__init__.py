"""Pages of the room, one file for each noun."""

from payouts.admin import batches, formats, lines, payers, returns, thresholds

__all__ = ["batches", "formats", "lines", "payers", "returns", "thresholds"]
