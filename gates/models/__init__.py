"""The nouns of the room, one file each."""

from gates.models.arrival import Arrival, Refund, Uncollected
from gates.models.bill import BillPayment, EmployerBill, owing
from gates.models.clearing import OF_HELD, Clearing, ClearingKind, ClearingLine, ClearingState, Outcome
from gates.models.decision import LineDecision, StatementDecision
from gates.models.notice import WHITELIST, Notice, NoticeLine, NoticeState
from gates.models.notice_file import NoticeFile, NoticeFilePart, NoticeFileState
from gates.models.objection import Objection, ObjectionReason, ObjectionState
from gates.models.payment import OwnPayment, OwnPaymentLine, lines_of
from gates.models.statement import (
    OUTSTANDING,
    Channel,
    HeldKind,
    HeldPayment,
    HeldState,
    Statement,
    StatementChunk,
    StatementFile,
    StatementRow,
)
from gates.models.unpaid import Unpaid

__all__ = [
    "OF_HELD", "OUTSTANDING", "WHITELIST", "Arrival", "BillPayment", "Channel", "Clearing", "ClearingKind", "ClearingLine",
    "ClearingState", "EmployerBill", "HeldKind", "HeldPayment", "HeldState", "LineDecision", "Notice", "NoticeFile",
    "NoticeFilePart", "NoticeFileState", "NoticeLine", "NoticeState", "Objection", "ObjectionReason", "ObjectionState",
    "Outcome", "OwnPayment", "OwnPaymentLine", "Refund", "Statement", "StatementChunk", "StatementDecision",
    "StatementFile", "StatementRow", "Uncollected", "Unpaid", "lines_of", "owing",
]
