"""What people do between the office and the insurer."""

from handover.actions.formats import approve_format, change_format, draft_format, retire_format
from handover.actions.hand_overs import (
    open_handover,
    propose_handover,
    purge_handovers,
    release_handover,
    withdraw_handover,
)
from handover.actions.receipts import DESK, upload_receipt

__all__ = [
    "DESK", "approve_format", "change_format", "draft_format", "open_handover", "propose_handover", "purge_handovers",
    "release_handover", "retire_format", "upload_receipt", "withdraw_handover",
]
