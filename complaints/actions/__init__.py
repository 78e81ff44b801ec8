"""What people do with complaints and appeals."""

from complaints.actions.complaints import (
    answer_complaint,
    ask_review,
    record_complaint,
    tell_answer,
    withdraw_complaint,
)
from complaints.actions.extensions import approve_extension, ask_extension, decline_extension, tell_extension
from complaints.actions.letters import print_answer, write_answer_wording

__all__ = [
    "answer_complaint", "approve_extension", "ask_extension", "ask_review", "decline_extension", "print_answer",
    "record_complaint", "tell_answer", "tell_extension", "withdraw_complaint", "write_answer_wording",
]
