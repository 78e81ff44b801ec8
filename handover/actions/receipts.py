"""Receipts: uploaded by one person, approved by another; the work itself is done by jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction

from accounts.models import User
from handover.answers import RECEIPT, template_of
from handover.errors import HandOverRefused
from handover.models import HandOver, HandOverState, Receipt
from handover.reach import refuse_beyond
from intake import actions as intake
from jobs.actions import enqueue

STAGE, APPLY = "handover.stage_receipt", "handover.apply_receipt"


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
            enqueue=lambda subject: _enqueue(STAGE, subject, by=by, at=at),
        )
    return received


def submit_receipt(receipt: Receipt, *, by: User, at: datetime) -> Receipt:
    """Hand a checked receipt to a second person."""
    found: Receipt = intake.submit(receipt, template=RECEIPT, by=by, at=at)
    return found


def approve_receipt(receipt: Receipt, *, digest: str, by: User, at: datetime) -> Receipt:
    """Approve exactly what was looked at; its answers are then made real."""
    found: Receipt = intake.approve(
        receipt, digest=digest, template=template_of(receipt), by=by, at=at,
        enqueue=lambda subject: _enqueue(APPLY, subject, by=by, at=at),
    )
    return found


def refuse_receipt(receipt: Receipt, *, reason: str, by: User, at: datetime) -> Receipt:
    """Send a receipt back."""
    found: Receipt = intake.refuse(receipt, reason=reason, template=RECEIPT, by=by, at=at)
    return found


def withdraw_receipt(receipt: Receipt, *, reason: str, by: User, at: datetime) -> Receipt:
    """Take a receipt back before it is approved."""
    found: Receipt = intake.withdraw(receipt, reason=reason, template=RECEIPT, by=by, at=at)
    return found


def _refuse_unreleased(state: str) -> None:
    if state not in (HandOverState.RELEASED, HandOverState.ANSWERED):
        raise HandOverRefused("NOT_RELEASED")


def _enqueue(kind: str, receipt: Receipt, *, by: User, at: datetime) -> Any:
    return enqueue(
        kind, arguments={"receipt": receipt.pk}, subject=receipt, organization=receipt.organization,
        region_code=receipt.region_code, program_id=receipt.program_id, by=by, at=at, total=receipt.row_count or None,
    )
