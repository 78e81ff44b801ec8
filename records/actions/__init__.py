"""What people do with settlement records and proposals."""

from records.actions.claiming import MOST, OpenedClaims, open_claims
from records.actions.held import decide_lines
from records.actions.lists import DESK, upload_records
from records.actions.proposals import decline_proposals, reopen_proposals, tell_proposals

__all__ = [
    "DESK", "MOST", "OpenedClaims", "decide_lines", "decline_proposals", "open_claims", "reopen_proposals", "tell_proposals",
    "upload_records",
]
