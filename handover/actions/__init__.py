"""What people do between the office and the insurer."""

from handover.actions.differences import Choice, decide_lines, decide_sum, write_objections
from handover.actions.formats import approve_format, change_format, draft_format, retire_format
from handover.actions.hand_overs import (
    file_name,
    open_handover,
    propose_handover,
    purge_handovers,
    release_handover,
    withdraw_handover,
)
from handover.actions.invoices import INVOICES, pay_ours, record_invoice, upload_invoice
from handover.actions.receipts import DESK, upload_receipt
from handover.actions.remittances import (
    approve_remittance,
    confirm_paid,
    decline_remittance,
    prepare_remittance,
    record_failure,
    withdraw_remittance,
)

__all__ = [
    "DESK", "INVOICES", "Choice", "approve_format", "approve_remittance", "change_format", "confirm_paid", "decide_lines",
    "decide_sum", "decline_remittance", "draft_format", "file_name", "open_handover", "pay_ours", "prepare_remittance",
    "propose_handover", "purge_handovers", "record_failure", "record_invoice", "release_handover", "retire_format",
    "upload_invoice", "upload_receipt", "withdraw_handover", "withdraw_remittance", "write_objections",
]
