"""Collection statements: uploaded by one person, approved by another; what the approval means stands in `gates.matching`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

from django.db import IntegrityError, transaction

from accounts.models import Organization, User
from beneficiaries.gating import Gate, asked_gates
from beneficiaries.models.purchase import names_a_person
from gates.actions.payments import REFERENCE_LENGTH, named_so, said
from gates.errors import GatesRefused
from gates.models import Channel, Statement
from gates.reach import refuse_beyond
from gates.refunds import template_of
from intake.desk import Desk
from programs.models import Period

DESK = Desk(template_of, check="gates.check_statement", apply="gates.apply_statement")


def upload_statement(
    files: Sequence[tuple[str, BinaryIO]], *, period: Period, organization: Organization, channel: Channel, reference: str,
    control_lines: int, control_amount: Decimal, direction: str = Statement.Direction.IN, ask_sheets: bool = False, by: User,
    at: datetime,
) -> Statement:
    """Keep what a channel collected, or gave back, and start its check. `files`: (name, stream).

    `control_lines`, `control_amount` (yuan): what the channel says of the whole; `reference`: its own number, once in a
    program. After the close, too: money that came late is to be told of.
    """
    reference = reference.strip()
    region_code = organization.region_code or ""
    refuse_beyond(
        by, "gates.upload_statement", organization=organization, region_code=region_code, program_id=period.program_id
    )
    if Gate.OWN_PAYMENT not in asked_gates(period.plan):
        raise GatesRefused("PAYMENT_NOT_ASKED")
    if period.closed_at is not None:
        raise GatesRefused("PERIOD_CLOSED", period=period.code)
    if not 0 < len(reference) <= REFERENCE_LENGTH or names_a_person(reference):
        raise GatesRefused("REFERENCE", characters=REFERENCE_LENGTH)
    if control_lines < 1 or control_amount <= 0:
        raise GatesRefused("NO_SUM")
    if named_so(reference, program_id=period.program_id).exists():
        raise GatesRefused("REFERENCE_TAKEN", reference=reference)
    statement = Statement(
        organization=organization, region_code=region_code, program_id=period.program_id, period=period, channel=channel,
        direction=direction, reference=reference, control_lines=control_lines, control_amount=control_amount,
    )
    try:
        with transaction.atomic():
            found: Statement = DESK.upload(statement, files, ask_sheets=ask_sheets, by=by, at=at)
    except IntegrityError as conflict:
        raise said(conflict) from conflict
    return found
