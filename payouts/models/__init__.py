"""Formats of banks, accounts, batches with their lines and votes, what the bank says."""

from payouts.models.batch import (
    ANSWERED,
    BEFORE,
    DOWNLOAD,
    HOLDING,
    OUT,
    TEST_AMOUNT,
    Answer,
    Batch,
    BatchLine,
    BatchPart,
    BatchState,
    BatchVote,
    Delivery,
    DeliveryState,
    Enquiry,
    EnquiryState,
    FailureCode,
    LineState,
    Step,
    Way,
    WhyOut,
    outcome_of,
)
from payouts.models.format import (
    AmountStyle,
    BankFormat,
    Dangerous,
    DateStyle,
    Encoding,
    FormatState,
    LineEnd,
    Separator,
    Takes,
)
from payouts.models.payer import (
    PAYER_NUMBER,
    PAYOUTS_KEY,
    ApprovalThreshold,
    PayerAccount,
    PayerState,
    ThresholdState,
)
from payouts.models.results import (
    BankResult,
    BankReturn,
    BankReturnChunk,
    BankReturnFile,
    BankReturnRow,
    Outcome,
)

__all__ = [
    "ANSWERED", "BEFORE", "DOWNLOAD", "HOLDING", "OUT", "PAYER_NUMBER", "PAYOUTS_KEY", "TEST_AMOUNT", "AmountStyle", "Answer",
    "ApprovalThreshold", "BankFormat", "BankResult", "BankReturn", "BankReturnChunk", "BankReturnFile", "BankReturnRow",
    "Batch", "BatchLine", "BatchPart", "BatchState", "BatchVote", "Dangerous", "DateStyle", "Delivery", "DeliveryState",
    "Encoding", "Enquiry", "EnquiryState", "FailureCode", "FormatState", "LineEnd", "LineState", "Outcome", "PayerAccount",
    "PayerState", "Separator", "Step", "Takes", "ThresholdState", "Way", "WhyOut", "outcome_of",
]
