"""What does not fit on a bill: by the invoice itself, against whoever claims, and against its own charges; kept as data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from claims.models import Bill
from claims.rules.invoices import Finding, Invoice, Weight
from claims.rules.invoices import findings_of as found_on

ZERO = Decimal("0.00")
#: Costs in the catalogue, of which public payers pay.
IN_CATALOGUE = "self_pay"
#: What is asked of electronic invoices alone.
_NUMBERS = frozenset({"INVOICE_CODE", "INVOICE_NUMBER"})

MEANINGS: dict[str, str | Promise] = {
    "INVOICE_CODE": _("The invoice code has not %(digits)s digits."),
    "INVOICE_NUMBER": _("The invoice number has not %(digits)s digits."),
    "INVOICE_CHECK_CODE": _("The check code has not 6 signs."),
    "NAME_OTHER": _("The name on the invoice is not the insured person's."),
    "DOCUMENT_OTHER": _("The document number on the invoice is not the insured person's."),
    "TOTAL_NOT_POSITIVE": _("The total is not above zero."),
    "PART_NEGATIVE": _("A part is below zero."),
    "TOTAL_DIFFERS": _("Pooled fund, other payments, personal account and cash make %(parts)s yuan, the total is %(total)s."),
    "OWN_PART_DIFFERS": _("Own part and outside the catalogue make %(own)s yuan, account and cash %(paid)s."),
    "LINES_DIFFER": _("The charges make %(lines)s yuan, the total is %(total)s."),
    "ISSUED_LATER": _("It is issued on a day to come: %(day)s."),
    "STAY_ORDER": _("The stay ends on %(discharged)s, before it begins on %(admitted)s."),
    "ISSUED_BEFORE_STAY": _("It was issued on %(day)s, before the stay began on %(admitted)s."),
    "DISCHARGED_LATER": _("The discharge lies in the future: %(day)s."),
    "EVENT_OUTSIDE_STAY": _("The event of %(event)s lies outside of the stay from %(admitted)s to %(discharged)s."),
    "OTHERS_LESS": _("Major-illness insurance and assistance make %(parts)s yuan, more than the other payments of %(others)s."),
    "PUBLIC_ABOVE_CATALOGUE": _(
        "Basic insurance, major-illness insurance and assistance paid %(paid)s yuan, but only %(costs)s yuan are in the catalogue."
    ),
    "PAID_ABOVE_COST": _("Others paid %(paid)s yuan, more than the bill costs."),
}


def findings_of(
    bill: Bill, charges: Sequence[Any], *, name: str, document: str, at: datetime, event_on: date | None = None
) -> list[dict[str, Any]]:
    """[{code, weight, facts}] of a bill; `charges` have `kind` and `amount`; `name`, `document`: of whoever claims, `event_on`
    of its case."""
    invoice = Invoice(
        bill.invoice_code, bill.invoice_number, bill.issued_on, bill.total, bill.check_code, bill.fund, bill.others,
        bill.account_paid, bill.cash, bill.self_paid, bill.self_funded, tuple(charge.amount for charge in charges),
        bill.admitted_on, bill.discharged_on,
        _text(bill.printed_name), _text(bill.printed_document),
    )
    found = found_on(invoice, name=name, document=document, today=timezone.localdate(at), event_on=event_on)
    kept = [each for each in found if bill.invoice_number or each.code not in _NUMBERS]
    return [
        {"code": each.code, "weight": str(each.weight), "facts": {name: str(value) for name, value in each.facts.items()}}
        for each in (*kept, *_payments(bill, charges))
    ]


def _payments(bill: Bill, charges: Sequence[Any]) -> list[Finding]:
    """What others paid, against what it is paid of."""
    found = []
    public = sum((each or ZERO for each in (bill.fund, bill.major_illness, bill.assistance)), ZERO)
    parts = (bill.major_illness or ZERO) + (bill.assistance or ZERO)
    if bill.others is not None and parts > bill.others:
        found.append(Finding("OTHERS_LESS", Weight.ERROR, {"parts": parts, "others": bill.others}))
    inside = sum((charge.amount for charge in charges if charge.kind == IN_CATALOGUE), ZERO)
    if inside and public > inside:
        found.append(Finding("PUBLIC_ABOVE_CATALOGUE", Weight.ERROR, {"paid": public, "costs": inside}))
    paid = public + other_payers(bill) + sum((each or ZERO for each in (bill.third_party, bill.commercial)), ZERO)
    if paid > sum((charge.amount for charge in charges), ZERO):
        found.append(Finding("PAID_ABOVE_COST", Weight.ERROR, {"paid": paid}))
    return found


def other_payers(bill: Bill) -> Decimal:
    """Yuan of the other payments that neither major-illness insurance nor assistance paid."""
    rest = (bill.others or ZERO) - (bill.major_illness or ZERO) - (bill.assistance or ZERO)
    return max(ZERO, rest)


def in_words(finding: dict[str, Any]) -> str:
    """A kept finding as a sentence."""
    return str(MEANINGS[finding["code"]]) % finding["facts"]


def _text(sealed: Any) -> str:
    return "" if sealed is None else sealed if isinstance(sealed, str) else sealed.reveal()
