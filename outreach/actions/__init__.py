"""What people do with messages, and what their time does to them."""

from outreach.actions.reports import REPORTS, upload_report
from outreach.actions.sendings import (
    open_messages,
    print_villages,
    propose_sending,
    purge_sendings,
    release_sending,
    withdraw_sending,
)
from outreach.actions.wordings import approve_message, decline_message, draft_message

__all__ = [
    "REPORTS", "approve_message", "decline_message", "draft_message", "open_messages", "print_villages", "propose_sending",
    "purge_sendings", "release_sending", "upload_report", "withdraw_sending",
]
