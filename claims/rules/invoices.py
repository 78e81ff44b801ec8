"""What can be wrong with a medical invoice (医疗电子票据) by itself, and against whoever claims it; findings, never verdicts.

Money is Decimal yuan. Sources: the fields that are printed on the invoice, and what they sum to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

ZERO = Decimal("0.00")
#: Self-paid parts are rounded one by one on some invoices.
ROUNDED = Decimal("0.05")
_CODE, _NUMBER, _CHECK = re.compile(r"[0-9]{8}"), re.compile(r"[0-9]{10}"), re.compile(r"[0-9A-Za-z]{6}")
_MASKS = "*＊x×"


class Weight(StrEnum):
    """An error keeps an invoice from being decided on; a warning is looked at by a person."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found; `facts` are amounts, days and numbers of this invoice, for the sentence."""

    code: str
    weight: Weight
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Invoice:
    """The fields that are printed; what is not printed is None (amounts) or empty.

    `fund` 医保统筹基金支付, `others` 其他支付, `account` 个人账户支付, `cash` 个人现金支付, `self_paid` 个人自付,
    `self_funded` 个人自费.
    `name` and `document` are often printed with signs in their places.
    """

    code: str
    number: str
    issued_on: date
    total: Decimal
    check_code: str = ""
    fund: Decimal | None = None
    others: Decimal | None = None
    account: Decimal | None = None
    cash: Decimal | None = None
    self_paid: Decimal | None = None
    self_funded: Decimal | None = None
    lines: tuple[Decimal, ...] = ()
    admitted_on: date | None = None
    discharged_on: date | None = None
    name: str = ""
    document: str = ""


def findings_of(
    invoice: Invoice, *, name: str, document: str, today: date, event_on: date | None = None
) -> tuple[Finding, ...]:
    """Everything that does not fit, in the order in which a reader checks; `name`, `document`: of whoever claims, `event_on`:
    of what is claimed for."""
    found: list[Finding] = []

    def tell(code: str, weight: Weight, **facts: Any) -> None:
        found.append(Finding(code, weight, facts))

    if not _CODE.fullmatch(invoice.code):
        tell("INVOICE_CODE", Weight.ERROR, digits=8)
    if not _NUMBER.fullmatch(invoice.number):
        tell("INVOICE_NUMBER", Weight.ERROR, digits=10)
    if invoice.check_code and not _CHECK.fullmatch(invoice.check_code):
        tell("INVOICE_CHECK_CODE", Weight.WARNING)
    for finding in (*_sums(invoice), *_days(invoice, today=today), *_event(invoice, event_on)):
        found.append(finding)
    for code, agrees in (("NAME_OTHER", fits_mask(invoice.name, name)), ("DOCUMENT_OTHER", fits_mask(invoice.document, document))):
        if agrees is False:
            tell(code, Weight.ERROR)
    return tuple(found)


def fits_mask(printed: str, known: str) -> bool | None:
    """Whether a name or number may be the one that is printed with some of its signs hidden; None where nothing is printed.

    A run of hidden signs may stand for another number of them: then what stands before and behind it is compared.
    """
    shown, whole = "".join(printed.split()).upper(), "".join(known.split()).upper()
    if not shown or not whole:
        return None
    hidden = re.escape(_MASKS.upper())
    if not re.search(f"[{hidden}]", shown[:-1] + shown[-1:].replace("X", "")):
        return shown == whole
    if len(shown) == len(whole):
        return all(sign in _MASKS.upper() or sign == other for sign, other in zip(shown, whole, strict=True))
    parts = [re.escape(part) for part in re.split(f"[{hidden}]+", shown)]
    return re.fullmatch(".+".join(parts), whole) is not None


def _sums(invoice: Invoice) -> list[Finding]:
    found = []
    parts = (invoice.fund, invoice.others, invoice.account, invoice.cash)
    if invoice.total <= ZERO:
        found.append(Finding("TOTAL_NOT_POSITIVE", Weight.ERROR, {"total": invoice.total}))
    if any(part is not None and part < ZERO for part in (*parts, invoice.self_paid, invoice.self_funded, *invoice.lines)):
        found.append(Finding("PART_NEGATIVE", Weight.ERROR))
    if all(part is not None for part in parts):
        whole = sum((part for part in parts if part is not None), ZERO)
        if whole != invoice.total:
            found.append(Finding("TOTAL_DIFFERS", Weight.ERROR, {"total": invoice.total, "parts": whole}))
        if invoice.self_paid is not None and invoice.self_funded is not None:
            own = invoice.self_paid + invoice.self_funded
            paid = (invoice.account or ZERO) + (invoice.cash or ZERO)
            if abs(own - paid) > ROUNDED:
                found.append(Finding("OWN_PART_DIFFERS", Weight.WARNING, {"own": own, "paid": paid}))
    if invoice.lines and sum(invoice.lines, ZERO) != invoice.total:
        found.append(Finding("LINES_DIFFER", Weight.ERROR, {"total": invoice.total, "lines": sum(invoice.lines, ZERO)}))
    return found


def _days(invoice: Invoice, *, today: date) -> list[Finding]:
    found = []
    admitted, discharged = invoice.admitted_on, invoice.discharged_on
    if invoice.issued_on > today:
        found.append(Finding("ISSUED_LATER", Weight.ERROR, {"day": invoice.issued_on}))
    if admitted is not None and discharged is not None and discharged < admitted:
        found.append(Finding("STAY_ORDER", Weight.ERROR, {"admitted": admitted, "discharged": discharged}))
    elif admitted is not None and invoice.issued_on < admitted:
        found.append(Finding("ISSUED_BEFORE_STAY", Weight.WARNING, {"day": invoice.issued_on, "admitted": admitted}))
    if discharged is not None and discharged > today:
        found.append(Finding("DISCHARGED_LATER", Weight.ERROR, {"day": discharged}))
    return found


def _event(invoice: Invoice, event_on: date | None) -> list[Finding]:
    """What happened lies in the stay that is claimed for; a later stay for the same event is for a person to see."""
    admitted, discharged = invoice.admitted_on, invoice.discharged_on
    if event_on is None or admitted is None or discharged is None or discharged < admitted or admitted <= event_on <= discharged:
        return []
    facts = {"event": event_on, "admitted": admitted, "discharged": discharged}
    return [Finding("EVENT_OUTSIDE_STAY", Weight.WARNING, facts)]


def days_in_hospital(admitted_on: date, discharged_on: date) -> int:
    """As bills count them: the day of discharge is none, a stay of one day is one."""
    if discharged_on < admitted_on:
        raise ValueError(f"discharged on {discharged_on}, before {admitted_on}")
    return max(1, (discharged_on - admitted_on).days)
