"""Pages of this room."""

from filings.admin.claim_files import ClaimFileAdmin

__all__ = ["ClaimFileAdmin"]
