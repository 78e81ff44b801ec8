"""Returned files: what a bank says of a batch. What is done with them then are the verbs of any import: `RETURNS`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

from django.db import transaction

from accounts.models import User
from intake import actions as intake
from intake.desk import Desk, enqueue_for
from payouts.actions.batches import locked
from payouts.errors import PayoutsRefused
from payouts.models import OUT, BankReturn, Batch
from payouts.reach import refuse_beyond
from payouts.returns import RETURN, template_of

UPLOAD = "payouts.upload_bankreturn"
STAGE, APPLY = "payouts.check_return", "payouts.apply_return"
RETURNS = Desk(template_of, check=STAGE, apply=APPLY)


def upload_return(
    files: Sequence[tuple[str, BinaryIO]], *, batch: Batch, control_lines: int, control_amount: Decimal, by: User, at: datetime
) -> BankReturn:
    """Keep a bank's answer and start its check. `files`: (name, stream); `control_...`: what the bank says of the whole."""
    refuse_beyond(
        by, UPLOAD, organization=batch.organization, region_code=batch.region_code, program_id=batch.program_id
    )
    if control_lines < 1 or control_amount <= 0 or control_amount != control_amount.quantize(Decimal("0.01")):
        raise PayoutsRefused("RETURN_SUM")
    _refuse_in_house(batch.state)
    kept = [
        intake.receive_file(stream, name=name, organization=batch.organization, by=by, at=at) for name, stream in files
    ]
    with transaction.atomic():
        # An enquiry waits for this, or this for an enquiry.
        found = locked(batch, by=by, permission=UPLOAD)
        _refuse_in_house(found.state)
        bank_return = BankReturn(
            organization=found.organization, region_code=found.region_code, program_id=found.program_id, batch=found,
            control_lines=control_lines, control_amount=control_amount,
        )
        received: BankReturn = intake.receive(
            bank_return, files=kept, template=RETURN, by=by, at=at,
            enqueue=lambda subject: enqueue_for(STAGE, subject, RETURN, by=by, at=at),
        )
    return received


def _refuse_in_house(state: str) -> None:
    if state not in OUT:
        raise PayoutsRefused("RETURN_BATCH_STATE")
