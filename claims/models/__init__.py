"""The nouns of the room, one file each."""

from claims.models.bill import PAYERS, Bill, BillLine, Locality, Setting, Standing
from claims.models.case import Case, Channel, EventKind, Reporter, number_in, numbered
from claims.models.claim import (
    ACCOUNT,
    STATE_NAMES,
    Claim,
    ClaimNote,
    ClaimStep,
    Paper,
    PaperKind,
    PaperRequest,
    Payee,
)
from claims.models.decision import (
    CoverUsage,
    Decision,
    DecisionKind,
    DecisionLine,
    DecisionState,
    Outcome,
    Payable,
    PayableKind,
    PayableState,
    Signature,
    SigningThreshold,
)

__all__ = [
    "ACCOUNT", "PAYERS", "STATE_NAMES", "Bill", "BillLine", "Case", "Channel", "Claim", "ClaimNote", "ClaimStep", "CoverUsage",
    "Decision", "DecisionKind", "DecisionLine", "DecisionState", "EventKind", "Locality", "Outcome", "Paper", "PaperKind",
    "PaperRequest", "Payable", "PayableKind", "PayableState", "Payee", "Reporter", "Setting", "Signature", "SigningThreshold",
    "Standing", "number_in", "numbered",
]
