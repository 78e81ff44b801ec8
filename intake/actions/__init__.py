"""What people do with files and imports."""

from intake.actions.files import destroy_file, discard_file, keep_files, purge_files, receive_file, remove_orphans
from intake.actions.lines import Passing, let_lines_go, register_passing
from intake.actions.mending import (
    Said,
    add_files,
    choose_sheets,
    confirm_unusual,
    end_mapping,
    map_words,
    take_out_file,
)
from intake.actions.reference import discard_upload, hold_upload, record_export, take_in_upload
from intake.actions.review import approve, approve_by_priority, receive, record_download, refuse, submit, withdraw
from intake.actions.undo import approve_undo, request_undo, turn_down_undo

__all__ = [
    "Passing", "Said", "add_files", "approve", "approve_by_priority", "approve_undo", "choose_sheets", "confirm_unusual",
    "destroy_file", "discard_file", "discard_upload", "end_mapping", "hold_upload", "keep_files", "let_lines_go",
    "map_words", "purge_files", "receive", "receive_file", "record_download", "record_export", "refuse", "register_passing",
    "remove_orphans", "request_undo", "submit", "take_in_upload", "take_out_file", "turn_down_undo", "withdraw",
]
