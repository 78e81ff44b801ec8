"""Files of settlement records, their lines, what is due by them, and the proposals that stand."""

from records.models.calculation import Calculation, RecordSlice
from records.models.decision import LineDecision, RecordDecision
from records.models.proposal import Proposal, ProposalState
from records.models.record import RecordChunk, RecordFile, RecordList, RecordRow

__all__ = [
    "Calculation", "LineDecision", "Proposal", "ProposalState", "RecordChunk", "RecordDecision", "RecordFile", "RecordList",
    "RecordRow", "RecordSlice",
]
