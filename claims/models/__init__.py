"""The nouns of the room, one file each."""

from claims.models.bill import PAYERS, Bill, BillLine, Locality, Setting, Standing
from claims.models.calendar import DayKind, Holiday
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
from claims.models.flag import FlagCode, FlagLook, FlagRule
from claims.models.service_term import ServiceTerm, TermKind, TermSetting, TermState, TermUnit

__all__ = [
    "ACCOUNT", "PAYERS", "STATE_NAMES", "Bill", "BillLine", "Case", "Channel", "Claim", "ClaimNote", "ClaimStep", "CoverUsage",
    "Decision", "DecisionKind", "DecisionLine", "DecisionState", "EventKind", "Locality", "Outcome", "Paper", "PaperKind",
    "PaperRequest", "Payable", "PayableKind", "PayableState", "Payee", "Reporter", "Setting", "Signature", "SigningThreshold",
    "Standing", "number_in", "numbered",
    "DayKind", "FlagCode", "FlagLook", "FlagRule", "Holiday", "ServiceTerm", "TermKind", "TermSetting", "TermState", "TermUnit",
]
