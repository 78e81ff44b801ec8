"""Insurers' invoices: taken in by one person, agreed to by another; what is agreed stands in `charging` and `totals`."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.models.purchase import names_a_person
from handover.charging import INVOICE
from handover.errors import HandOverRefused
from handover.models import Covers, HandOver, Invoice, Sides
from handover.models.hand_over import Direction
from handover.reach import refuse_beyond
from handover.totals import SUM, due_of, template_of
from intake.desk import Desk, enqueue_for
from intake.models import STANDING, State
from intake.staging import import_digest
from programs.models import Period

CHECK, AGREE = "handover.check_invoice", "handover.agree_invoice"
INVOICES = Desk(template_of, check=CHECK, apply=AGREE)
NUMBER_LENGTH, CODE_LENGTH = 60, 20
FEN, ZERO = Decimal("0.01"), Decimal("0.00")


def upload_invoice(
    files: Sequence[tuple[str, BinaryIO]], *, period: Period, number: str, issued_on: date, control_lines: int,
    control_amount: Decimal, code: str = "", tax: Decimal = ZERO, reverses: Invoice | None = None, by: User, at: datetime,
) -> Invoice:
    """Keep what the insurer of a period's program charges, and start its check. `files`: (name, stream).

    `control_lines`, `control_amount` (yuan): what the invoice says of the whole; `number` and `code`: its own, once of an
    insurer; `reverses`: of one below zero the invoice that it takes back.
    """
    invoice = _said(
        period, number=number, code=code, issued_on=issued_on, amount=control_amount, tax=tax, reverses=reverses, by=by, at=at
    )
    if control_lines < 1:
        raise HandOverRefused("INVOICE_SUM")
    invoice.control_lines = control_lines
    try:
        with transaction.atomic():
            _refuse_second(invoice, by=by)
            found: Invoice = INVOICES.upload(invoice, files, by=by, at=at)
    except IntegrityError as conflict:
        raise said(conflict) from conflict
    return found


def record_invoice(
    period: Period, *, number: str, issued_on: date, amount: Decimal, covers: Covers, sides: Sides,
    hand_over: HandOver | None = None, month: date | None = None, code: str = "", tax: Decimal = ZERO,
    reverses: Invoice | None = None, by: User, at: datetime,
) -> Invoice:
    """Record an invoice that is one sum, and start to compare it with what is due of the same span by our lists.

    `amount`, `tax` (yuan): below zero where premium is given back; `hand_over` or `month` (its first day): as it `covers`.
    """
    invoice = _said(period, number=number, code=code, issued_on=issued_on, amount=amount, tax=tax, reverses=reverses, by=by, at=at)
    if not amount:
        raise HandOverRefused("INVOICE_ZERO")
    if (covers == Covers.HAND_OVER) != (hand_over is not None) or (covers == Covers.MONTH) != (month is not None) or not covers:
        raise HandOverRefused("INVOICE_COVERS")
    if hand_over is not None:
        if hand_over.period_id != period.pk:
            raise HandOverRefused("INVOICE_COVERS")
        sides = Sides.LEAVES if hand_over.direction == Direction.LEAVE else Sides.ENTRIES
    if sides == Sides.LINES or (sides == Sides.ENTRIES and amount < 0) or (sides == Sides.LEAVES and amount > 0):
        raise HandOverRefused("INVOICE_SIDES")
    invoice.covers, invoice.sides, invoice.hand_over = covers, sides, hand_over
    invoice.month = month.replace(day=1) if month is not None else None
    invoice.state, invoice.uploaded_by, invoice.uploaded_at = State.RECEIVED, by, at
    try:
        with transaction.atomic():
            _refuse_second(invoice, by=by)
            # As it stands when it is recorded: lines that are accepted later are a later invoice's.
            invoice.control_lines = due_of(invoice)[0]
            if not invoice.control_lines:
                raise HandOverRefused("NOTHING_DUE")
            fault_point("handover.record_invoice.before")
            invoice.save(force_insert=True)
            events.record(
                "invoice.recorded", invoice, by=by, at=at, organization=invoice.organization, region_code=invoice.region_code,
                program_id=invoice.program_id,
                data={"amount": str(amount), "covers": covers.value, "sides": sides.value, "lines": invoice.control_lines},
            )
            enqueue_for(CHECK, invoice, SUM, by=by, at=at)
            fault_point("handover.record_invoice.after")
    except IntegrityError as conflict:
        raise said(conflict) from conflict
    return invoice


def _said(
    period: Period, *, number: str, code: str, issued_on: date, amount: Decimal, tax: Decimal, reverses: Invoice | None, by: User,
    at: datetime,
) -> Invoice:
    """What any invoice says of itself, not saved; refused where it cannot be."""
    program = period.program
    refuse_beyond(
        by, "handover.upload_invoice", organization=program.organization, region_code=program.region_code, program_id=program.pk
    )
    number, code = folded(number), folded(code)
    if not 0 < len(number) <= NUMBER_LENGTH or names_a_person(number):
        raise HandOverRefused("INVOICE_NUMBER", characters=NUMBER_LENGTH)
    if code and not (code.isascii() and code.isalnum() and len(code) <= CODE_LENGTH):
        raise HandOverRefused("INVOICE_CODE", characters=CODE_LENGTH)
    if program.insurer is None:
        raise HandOverRefused("NO_INSURER")
    if issued_on > timezone.localdate(at):
        raise HandOverRefused("INVOICE_DAY")
    if amount != amount.quantize(FEN) or tax != tax.quantize(FEN):
        raise HandOverRefused("INVOICE_SUM")
    if (tax > 0 and tax > amount) or (tax < 0 and tax < amount):
        raise HandOverRefused("INVOICE_TAX")
    if reverses is not None and amount >= 0:
        raise HandOverRefused("REVERSES_BELOW_ZERO")
    return Invoice(
        organization=program.organization, region_code=program.region_code, program=program, period=period,
        insurer=program.insurer, code=code, number=number, issued_on=issued_on, control_amount=amount, tax=tax, reverses=reverses,
    )


def folded(text: str) -> str:
    """A number as it stands once: full width, case and blanks make no other."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def _refuse_second(invoice: Invoice, *, by: User) -> None:
    """Refuse a number that stands already, and what takes back more than there is; in the caller's transaction.

    A number with a code and the same without one are one invoice: whoever typed it may have left the code out.
    """
    with connection.cursor() as cursor:
        # Two at once: the second waits here and then finds the first.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"invoice:{invoice.insurer_id}:{invoice.number}"]
        )
    for first in Invoice.objects.filter(insurer=invoice.insurer, number=invoice.number, state__in=STANDING).order_by("pk"):
        if not (first.code and invoice.code) or first.code == invoice.code:
            if Invoice.objects.visible_to(by, "handover.view_invoice").filter(pk=first.pk).exists():
                raise HandOverRefused("INVOICE_NUMBER_STANDS", first=first.pk, day=first.issued_on.isoformat())
            raise HandOverRefused("INVOICE_NUMBER_TAKEN")
    if invoice.reverses is None:
        return
    whole = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.reverses.pk)
    if (whole.insurer_id, whole.period_id, whole.state) != (invoice.insurer_id, invoice.period_id, State.APPLIED) or whole.is_red:
        raise HandOverRefused("REVERSES_AGREED")
    back = whole.reversals.filter(state__in=STANDING).aggregate(amount=Sum("control_amount", default=ZERO))["amount"]
    if back + invoice.control_amount < -whole.control_amount:
        raise HandOverRefused("REVERSES_TOO_MUCH", left=whole.control_amount + back)


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
        lines = found.money["more"][0] if found.has_lines else 0
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
