"""What people do with files and imports."""

from intake.actions.files import purge_files, receive_file, remove_orphans
from intake.actions.review import approve, receive, refuse, submit, withdraw

__all__ = ["approve", "purge_files", "receive", "receive_file", "refuse", "remove_orphans", "submit", "withdraw"]
