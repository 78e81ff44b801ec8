"""What people do so that money reaches people once, in the right account, approved."""

from payouts.actions.batches import (
    authorize_batch,
    check_batch,
    discard_batch,
    prepare_batch,
    prepare_test,
    release_batch,
)
from payouts.actions.deliveries import (
    confirm_enquiry,
    decline_enquiry,
    destroy_batch_file,
    open_batch,
    record_enquiry,
    send_batch,
)
from payouts.actions.formats import approve_format, change_format, draft_format, retire_format
from payouts.actions.payers import (
    approve_payer,
    approve_threshold,
    decline_threshold,
    draft_payer,
    propose_threshold,
    redraft_payer,
    retire_payer,
)
from payouts.actions.returns import RETURNS, upload_return

__all__ = [
    "RETURNS", "approve_format", "approve_payer", "approve_threshold", "authorize_batch", "change_format", "check_batch",
    "confirm_enquiry", "decline_enquiry", "decline_threshold", "destroy_batch_file", "discard_batch",
    "draft_format", "draft_payer", "open_batch",
    "prepare_batch", "prepare_test", "propose_threshold", "record_enquiry", "redraft_payer", "release_batch", "retire_format",
    "retire_payer", "send_batch", "upload_return",
]
