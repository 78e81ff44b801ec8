"""The nouns of the room, one file each."""

from handover.models.format import DateStyle, Encoding, FileKind, FormatState, InsurerFormat
from handover.models.hand_over import (
    Answer,
    Direction,
    HandOver,
    HandOverLine,
    HandOverPart,
    HandOverState,
    Kind,
    LeaveReason,
)
from handover.models.invoice import (
    Covers,
    DecisionKind,
    Invoice,
    InvoiceChunk,
    InvoiceDecision,
    InvoiceFile,
    InvoiceLine,
    InvoiceRow,
    Sides,
)
from handover.models.receipt import Receipt, ReceiptChunk, ReceiptFile, ReceiptRow
from handover.models.remittance import Remittance, RemittanceInvoice, RemittancePart, RemittanceState

__all__ = [
    "Answer", "Covers", "DateStyle", "DecisionKind", "Direction", "Encoding", "FileKind", "FormatState", "HandOver",
    "HandOverLine", "HandOverPart", "HandOverState", "InsurerFormat", "Invoice", "InvoiceChunk", "InvoiceDecision",
    "InvoiceFile", "InvoiceLine", "InvoiceRow", "Kind", "LeaveReason", "Receipt", "ReceiptChunk", "ReceiptFile", "ReceiptRow",
    "Remittance", "RemittanceInvoice", "RemittancePart", "RemittanceState", "Sides",
]
