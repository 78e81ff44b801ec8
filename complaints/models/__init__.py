"""The nouns of the room, one file each."""

from complaints.models.complaint import (
    APPEAL_TOPICS,
    COMPLAINT_TOPICS,
    Channel,
    Complainant,
    Complaint,
    ComplaintState,
    Kind,
    Outcome,
    Topic,
)
from complaints.models.extension import Extension, ExtensionState
from complaints.models.wording import AnswerWording

__all__ = [
    "APPEAL_TOPICS", "COMPLAINT_TOPICS", "AnswerWording", "Channel", "Complainant", "Complaint", "ComplaintState", "Extension",
    "ExtensionState", "Kind", "Outcome", "Topic",
]
