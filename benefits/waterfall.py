"""Other payers come first: what each pays of each line, in the order of `facts.PAYERS`; nothing of ours is decided here."""

from __future__ import annotations

from decimal import Decimal

from benefits.case import Case, OpenLine
from benefits.facts import PAYERS, Bill, Payment
from benefits.terms import ZERO

_ORDER = {payer: position for position, payer in enumerate(PAYERS)}


def subtract_others(case: Case) -> dict[str, Decimal]:
    """Reduce each line to what is eligible for us; gives what each other payer paid of the whole case."""
    by_payer: dict[str, Decimal] = {}
    for line in case.lines:
        if line.line.payments:
            for payment in sorted(line.line.payments, key=_position):
                pay(case, line, payment.payer, payment.amount, by_payer)
    for position, bill in enumerate(case.facts.bills):
        if bill.payments:
            of_bill = [line for line in case.lines if line.bill_at == position]
            for payment in sorted(bill.payments, key=_position):
                spread(case, bill, of_bill, payment, by_payer)
    return {payer: by_payer[payer] for payer in PAYERS if payer in by_payer}


def spread(
    case: Case, bill: Bill, lines: list[OpenLine], payment: Payment, by_payer: dict[str, Decimal]
) -> None:
    """Give a payment that names no line to the lines in order, of its kinds first, then to any."""
    left = payment.amount
    wanted = [line for line in lines if not payment.kinds or line.kind in payment.kinds]
    for line in [*wanted, *(line for line in lines if line not in wanted)]:
        part = min(left, line.eligible)
        if part:
            pay(case, line, payment.payer, part, by_payer)
            left -= part


def pay(case: Case, line: OpenLine, payer: str, amount: Decimal, by_payer: dict[str, Decimal]) -> None:
    """Take what another payer paid off a line."""
    if not amount:
        return
    before = line.eligible
    line.eligible = before - amount
    by_payer[payer] = by_payer.get(payer, ZERO) + amount
    case.steps.append(("other_payer", "", {
        "payer": payer, "place": line.place, "amount": before, "paid": amount, "result": line.eligible,
    }))


def _position(payment: Payment) -> int:
    return _ORDER[payment.payer]
