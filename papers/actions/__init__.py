"""What people do with papers, and what their time does to them."""

from papers.actions.printings import (
    Handed,
    approve_printing,
    ask_printing,
    cancel_printing,
    decline_printing,
    open_printing,
    print_certificate,
    purge_printings,
)
from papers.actions.requests import (
    decline_request,
    gather_copy,
    grant_request,
    open_copy,
    purge_copies,
    record_request,
    withdraw_request,
)
from papers.actions.wordings import write_wording

__all__ = [
    "Handed", "approve_printing", "ask_printing", "cancel_printing", "decline_printing", "decline_request", "gather_copy",
    "grant_request", "open_copy", "open_printing", "print_certificate", "purge_copies", "purge_printings", "record_request",
    "withdraw_request", "write_wording",
]
