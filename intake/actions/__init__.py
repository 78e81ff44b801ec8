"""What people do with files and imports."""

from intake.actions.files import purge_files, receive_file, remove_orphans
from intake.actions.review import approve, approve_by_priority, receive, refuse, submit, withdraw
from intake.actions.undo import approve_undo, request_undo, turn_down_undo

__all__ = [
    "approve", "approve_by_priority", "approve_undo", "purge_files", "receive", "receive_file", "refuse",
    "remove_orphans", "request_undo", "submit", "turn_down_undo", "withdraw",
]
