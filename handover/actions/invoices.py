"""Insurers' invoices: uploaded by one person, agreed to by another; what is agreed stands in `handover.charging`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.models.purchase import names_a_person
from handover.charging import INVOICE
from handover.errors import HandOverRefused
from handover.models import Invoice
from handover.reach import refuse_beyond
from intake.desk import Desk
from intake.models import State
from intake.staging import import_digest
from programs.models import Period

CHECK, AGREE = "handover.check_invoice", "handover.agree_invoice"
INVOICES = Desk(lambda invoice: INVOICE, check=CHECK, apply=AGREE)
NUMBER_LENGTH = 60
FEN = Decimal("0.01")


def upload_invoice(
    files: Sequence[tuple[str, BinaryIO]], *, period: Period, number: str, issued_on: date, control_lines: int,
    control_amount: Decimal, by: User, at: datetime,
) -> Invoice:
    """Keep what the insurer of a period's program charges, and start its check. `files`: (name, stream).

    `control_lines`, `control_amount` (yuan): what the invoice says of the whole; `number`: its own, once of an insurer.
    """
    program = period.program
    refuse_beyond(
        by, "handover.upload_invoice", organization=program.organization, region_code=program.region_code, program_id=program.pk
    )
    number = " ".join(number.split())
    if not 0 < len(number) <= NUMBER_LENGTH or names_a_person(number):
        raise HandOverRefused("INVOICE_NUMBER", characters=NUMBER_LENGTH)
    if program.insurer is None:
        raise HandOverRefused("NO_INSURER")
    if issued_on > timezone.localdate(at):
        raise HandOverRefused("INVOICE_DAY")
    if control_lines < 1 or control_amount != control_amount.quantize(FEN):
        raise HandOverRefused("INVOICE_SUM")
    invoice = Invoice(
        organization=program.organization, region_code=program.region_code, program=program, period=period,
        insurer=program.insurer, number=number, issued_on=issued_on, control_lines=control_lines, control_amount=control_amount,
    )
    try:
        with transaction.atomic():
            found: Invoice = INVOICES.upload(invoice, files, by=by, at=at)
    except IntegrityError as conflict:
        raise said(conflict) from conflict
    return found


def pay_ours(invoice: Invoice, *, reason: str, by: User, at: datetime) -> Invoice:
    """Decide that our amount is paid for lines that charge more, and why; before somebody else agrees to the whole."""
    with transaction.atomic():
        found = Invoice.objects.select_for_update(of=("self",)).select_related("organization").get(pk=invoice.pk)
        fault_point("handover.invoice.locked")
        if found.state != State.REVIEW:
            raise HandOverRefused("INVOICE_STATE", state=found.get_state_display())
        refuse_beyond(
            by, "handover.submit_invoice", organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
        )
        lines = found.money["more"][0]
        if not lines:
            raise HandOverRefused("NOTHING_DEARER")
        found.pays_ours, found.pays_ours_by = reason_given(reason), by
        found.digest = import_digest(INVOICE, found)
        fault_point("handover.pay_ours.before")
        found.save(update_fields=["pays_ours", "pays_ours_by", "digest"])
        events.record(
            "invoice.difference_decided", found, by=by, at=at, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id, data={"lines": lines, "reason": found.pays_ours},
        )
        fault_point("handover.pay_ours.after")
    return found


def reason_given(reason: str) -> str:
    """In one line; refused when it says nothing, or somebody's number."""
    reason = " ".join(reason.split())
    if not reason:
        raise HandOverRefused("REASON")
    events.refuse_personal(reason)
    return reason[:300]


def said(conflict: IntegrityError) -> Exception:
    """Somebody was faster: what the database refused, as the rules say it."""
    name: Any = getattr(getattr(conflict.__cause__, "diag", None), "constraint_name", "")
    codes = {
        "invoice_number_once": "INVOICE_NUMBER_TAKEN", "invoice_remitted_once": "INVOICE_REMITTED",
        "remittance_reference_once": "REFERENCE_TAKEN",
    }
    return HandOverRefused(codes[name]) if name in codes else conflict
