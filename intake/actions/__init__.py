"""What people do with files and imports."""

from intake.actions.files import purge_files, receive_file
from intake.actions.review import approve, receive, refuse, submit, withdraw

__all__ = ["approve", "purge_files", "receive", "receive_file", "refuse", "submit", "withdraw"]
