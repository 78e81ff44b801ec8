"""Receipts: files of an insurer's answer to a hand-over. What is done with them then are the verbs of any import: `DESK`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from accounts.models import User
from handover.answers import RECEIPT, template_of
from handover.errors import HandOverRefused
from handover.models import HandOver, HandOverState, Receipt
from handover.reach import refuse_beyond
from intake import actions as intake
from intake.desk import Desk, enqueue_for

STAGE, APPLY = "handover.stage_receipt", "handover.apply_receipt"
DESK = Desk(template_of, check=STAGE, apply=APPLY)


def upload_receipt(
    files: Sequence[tuple[str, BinaryIO]], *, hand_over: HandOver, by: User, at: datetime
) -> Receipt:
    """Keep the files of an insurer's answer and start their check. `files`: (name, stream)."""
    refuse_beyond(
        by, "handover.upload_receipt", organization=hand_over.organization, region_code=hand_over.region_code,
        program_id=hand_over.program_id,
    )
    _refuse_unreleased(hand_over.state)
    kept = [
        intake.receive_file(stream, name=name, organization=hand_over.organization, by=by, at=at) for name, stream in files
    ]
    with transaction.atomic():
        # A withdrawal waits for this, or this for a withdrawal.
        found = HandOver.objects.select_for_update(of=("self",)).get(pk=hand_over.pk)
        _refuse_unreleased(found.state)
        receipt = Receipt(
            organization=hand_over.organization, region_code=hand_over.region_code, program_id=hand_over.program_id,
            hand_over=hand_over,
        )
        received: Receipt = intake.receive(
            receipt, files=kept, template=RECEIPT, by=by, at=at,
            enqueue=lambda subject: enqueue_for(STAGE, subject, RECEIPT, by=by, at=at),
        )
    return received


def _refuse_unreleased(state: str) -> None:
    if state not in (HandOverState.RELEASED, HandOverState.ANSWERED):
        raise HandOverRefused("NOT_RELEASED")
