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
from papers.actions.wordings import write_wording

__all__ = [
    "Handed", "approve_printing", "ask_printing", "cancel_printing", "decline_printing", "open_printing", "print_certificate",
    "purge_printings", "write_wording",
]
