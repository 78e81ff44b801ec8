"""The nouns of the room, one file each."""

from gates.models.notice import WHITELIST, Notice, NoticeLine, NoticeState
from gates.models.objection import Objection, ObjectionReason, ObjectionState
from gates.models.payment import OwnPayment, OwnPaymentLine
from gates.models.statement import (
    Channel,
    HeldKind,
    HeldPayment,
    Statement,
    StatementChunk,
    StatementFile,
    StatementRow,
)
from gates.models.unpaid import Unpaid

__all__ = [
    "WHITELIST", "Channel", "HeldKind", "HeldPayment", "Notice", "NoticeLine", "NoticeState", "Objection", "ObjectionReason",
    "ObjectionState", "OwnPayment", "OwnPaymentLine", "Statement", "StatementChunk", "StatementFile", "StatementRow", "Unpaid",
]
