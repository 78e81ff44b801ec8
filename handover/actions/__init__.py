"""What people do between the office and the insurer."""

from handover.actions.formats import approve_format, change_format, draft_format, retire_format
from handover.actions.hand_overs import (
    open_handover,
    outlook,
    propose_handover,
    purge_handovers,
    release_handover,
    withdraw_handover,
)
from handover.actions.receipts import approve_receipt, refuse_receipt, submit_receipt, upload_receipt, withdraw_receipt

__all__ = [
    "approve_format", "approve_receipt", "change_format", "draft_format", "open_handover", "outlook", "propose_handover",
    "purge_handovers", "refuse_receipt", "release_handover", "retire_format", "submit_receipt", "upload_receipt",
    "withdraw_handover", "withdraw_receipt",
]
