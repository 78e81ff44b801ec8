"""What people do with files and imports."""

from intake.actions.files import purge_files, receive_file, remove_orphans
from intake.actions.review import approve, approve_by_priority, receive, refuse, submit, withdraw

__all__ = [
    "approve", "approve_by_priority", "purge_files", "receive", "receive_file", "refuse", "remove_orphans", "submit",
    "withdraw",
]
