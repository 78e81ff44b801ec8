"""Models of the room."""

from takeup.models.participation import (
    InsuranceKind,
    InsuranceStatus,
    ParticipantChunk,
    ParticipantCount,
    ParticipantList,
    ParticipantListFile,
    ParticipantRow,
    Participation,
)
from takeup.models.takeup import DayCount, TakeUp
from takeup.models.target import Target, TargetState

__all__ = [
    "DayCount", "InsuranceKind", "InsuranceStatus", "ParticipantChunk", "ParticipantCount", "ParticipantList",
    "ParticipantListFile", "ParticipantRow", "Participation", "TakeUp", "Target", "TargetState",
]
