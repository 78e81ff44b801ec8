"""What auditors do with samples and their evidence, and what their time does to it."""

from samples.actions.drawing import draw_sample, finish_sample, note_item
from samples.actions.evidence import (
    approve_evidence,
    ask_clear_evidence,
    cancel_evidence,
    decline_evidence,
    gather_evidence,
    open_evidence,
    purge_evidence,
)
from samples.actions.payouts import open_evidence_of_payout, open_payout_evidence

__all__ = [
    "approve_evidence", "ask_clear_evidence", "cancel_evidence", "decline_evidence", "draw_sample", "finish_sample",
    "gather_evidence", "note_item", "open_evidence", "open_evidence_of_payout", "open_payout_evidence", "purge_evidence",
]
