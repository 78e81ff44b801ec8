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
from handover.models.invoice import Invoice, InvoiceChunk, InvoiceFile, InvoiceLine, InvoiceRow
from handover.models.receipt import Receipt, ReceiptChunk, ReceiptFile, ReceiptRow
from handover.models.remittance import Remittance, RemittanceInvoice, RemittancePart, RemittanceState

__all__ = [
    "Answer", "DateStyle", "Direction", "Encoding", "FileKind", "FormatState", "HandOver", "HandOverLine", "HandOverPart",
    "HandOverState", "InsurerFormat", "Invoice", "InvoiceChunk", "InvoiceFile", "InvoiceLine", "InvoiceRow", "Kind",
    "LeaveReason", "Receipt", "ReceiptChunk", "ReceiptFile", "ReceiptRow", "Remittance", "RemittanceInvoice", "RemittancePart",
    "RemittanceState",
]
