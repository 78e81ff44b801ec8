"""Bills of a case: entered with what is printed on them, explained by a second person where they do not fit, taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from accounts.models import User
from audit.faults import fault_point
from benefits.terms import KINDS
from claims.actions.cases import editable
from claims.checking import findings_of
from claims.errors import ClaimsRefused
from claims.models import Bill, BillLine, Case, Standing
from claims.stepping import not_later, record_case, said
from programs.benefit_terms import benefit_terms
from programs.models import Plan

EXPLAIN = "claims.explain_bill"
_AMOUNTS = (
    "fund", "major_illness", "assistance", "others", "account_paid", "cash", "self_paid", "self_funded", "third_party",
    "commercial",
)


@dataclass(frozen=True)
class Charge:
    """A charge line: kind of expense, yuan before anybody paid."""

    kind: str
    amount: Decimal
    name: str = ""
    code: str = ""
    indicated: bool = True


def add_bill(case: Case, bill: Bill, charges: Sequence[Charge], *, by: User, at: datetime) -> Bill:
    """Enter a bill (not saved yet) with its charges. What does not fit is found and kept with it; nothing is refused for it.

    An invoice that counts in another case of the portal is kept and does not count before a person has looked: whose case
    it is, nobody is told.
    """
    try:
        with transaction.atomic():
            case = editable(case, by=by)
            refuse_unfit(bill, charges, known=kinds_of(case), at=at)
            bill.case, bill.entered_by, bill.entered_at = case, by, at
            bill.standing = standing_of(bill, presented=presented_before([bill]))
            person = case.claims.select_related("enrollment__person").order_by("pk")[0].enrollment.person
            bill.findings = findings_of(
                bill, charges, name=person.name.reveal(), document=person.document.reveal(), at=at, event_on=case.event_on
            )
            fault_point("claims.add_bill.before")
            bill.save(force_insert=True)
            BillLine.objects.bulk_create(lines_of(bill, charges))
            record_case("case.bill_added", case, by=by, at=at, amount=str(bill.total))
            fault_point("claims.add_bill.after")
    except IntegrityError as conflict:
        # The same invoice was entered somewhere else at this very moment.
        raise ClaimsRefused("BILL_TWICE") from conflict
    return bill


def explain_bill(bill: Bill, *, reason: str, by: User, at: datetime) -> Bill:
    """Let a bill count although something does not fit, or though it was presented elsewhere; by another than entered it."""
    reason = said(reason)
    with transaction.atomic():
        bill = _of_case(bill, by=by, permission=EXPLAIN)
        if bill.standing == Standing.REMOVED:
            raise ClaimsRefused("BILL_REMOVED")
        if bill.standing != Standing.DOUBLED and not bill.errors:
            raise ClaimsRefused("BILL_FITS")
        if bill.entered_by_id == by.pk:
            raise ClaimsRefused("EXPLAINS_OWN")
        fault_point("claims.explain_bill.before")
        if bill.standing == Standing.DOUBLED:
            bill.standing = Standing.ALLOWED
        bill.explanation, bill.explained_by = reason, by
        bill.save(update_fields=["standing", "explanation", "explained_by"])
        record_case("case.bill_explained", bill.case, by=by, at=at, amount=str(bill.total), reason=reason)
        fault_point("claims.explain_bill.after")
    return bill


def call_bill_false(bill: Bill, *, reason: str, by: User, at: datetime) -> Bill:
    """Somebody found that a bill is false: it stays in the case, and a decision counts nothing of it."""
    reason = said(reason)
    with transaction.atomic():
        bill = _of_case(bill, by=by, permission="claims.handle_claim")
        if bill.standing == Standing.REMOVED or bill.false_papers:
            raise ClaimsRefused("BILL_REMOVED")
        fault_point("claims.call_bill_false.before")
        bill.false_papers, bill.explanation, bill.explained_by = True, reason, by
        if bill.standing == Standing.DOUBLED:
            bill.standing = Standing.ALLOWED
        bill.save(update_fields=["false_papers", "standing", "explanation", "explained_by"])
        record_case("case.bill_false", bill.case, by=by, at=at, amount=str(bill.total), reason=reason)
        fault_point("claims.call_bill_false.after")
    return bill


def remove_bill(bill: Bill, *, reason: str, by: User, at: datetime) -> Bill:
    """Take a bill out: it was entered wrongly, or is of somebody else. Its invoice may be presented again."""
    reason = said(reason)
    with transaction.atomic():
        bill = _of_case(bill, by=by, permission="claims.report_claim")
        if bill.standing == Standing.REMOVED:
            raise ClaimsRefused("BILL_REMOVED")
        fault_point("claims.remove_bill.before")
        bill.standing, bill.explanation, bill.explained_by = Standing.REMOVED, reason, by
        bill.save(update_fields=["standing", "explanation", "explained_by"])
        record_case("case.bill_removed", bill.case, by=by, at=at, amount=str(bill.total), reason=reason)
        fault_point("claims.remove_bill.after")
    return bill


def _of_case(bill: Bill, *, by: User, permission: str) -> Bill:
    """The bill as it is now, its case locked and still open to changes."""
    case = editable(bill.case, by=by, permission=permission)
    found = Bill.objects.get(pk=bill.pk)
    found.case = case
    return found


def lines_of(bill: Bill, charges: Sequence[Charge]) -> list[BillLine]:
    """The charges of a bill, not kept yet."""
    return [
        BillLine(
            bill=bill, position=position, kind=charge.kind, name=charge.name.strip(), code=charge.code.strip(),
            amount=charge.amount, indicated=charge.indicated,
        )
        for position, charge in enumerate(charges, start=1)
    ]


#: An invoice, and by case how it stands there.
Presented = dict[tuple[str, str], list[tuple[int | None, str]]]


def presented_before(bills: Iterable[Bill]) -> Presented:
    """Of invoices that are named by code and number: where they were presented and not taken out again. One question."""
    named = {bill.invoice_number for bill in bills if bill.invoice_number}
    found: Presented = {}
    if named:
        kept = Bill.objects.filter(invoice_number__in=named).exclude(standing=Standing.REMOVED).exclude(invoice_number="")
        for code, number, case, standing in kept.values_list("invoice_code", "invoice_number", "case", "standing"):
            found.setdefault((code, number), []).append((case, standing))
    return found


def standing_of(bill: Bill, *, presented: Presented) -> str:
    """Whether an invoice counts here, or elsewhere already; ClaimsRefused("BILL_TWICE") where its own case has it."""
    if not bill.invoice_number:
        return Standing.STANDS
    same = presented.get((bill.invoice_code, bill.invoice_number), [])
    if any(case == bill.case_id for case, _standing in same):
        raise ClaimsRefused("BILL_TWICE")
    counting = (Standing.STANDS, Standing.ALLOWED)
    return Standing.DOUBLED if any(standing in counting for _case, standing in same) else Standing.STANDS


def refuse_unfit(bill: Bill, charges: Sequence[Charge], *, known: Collection[str], at: datetime) -> None:
    """Refuse what cannot be kept; what only does not fit is a finding. `known`: see `kinds_of`."""
    if not charges:
        raise ClaimsRefused("BILL_LINES")
    amounts = [bill.total, *(charge.amount for charge in charges)]
    if any(amount <= 0 for amount in amounts) or any((getattr(bill, name) or 0) < 0 for name in _AMOUNTS):
        raise ClaimsRefused("BILL_AMOUNT")
    if bool(bill.invoice_code) != bool(bill.invoice_number):
        raise ClaimsRefused("BILL_NUMBER")
    for charge in charges:
        if charge.kind not in known:
            raise ClaimsRefused("BILL_KIND", kind=charge.kind)
    days = [day for day in (bill.issued_on, bill.admitted_on, bill.discharged_on) if day is not None]
    if any(not not_later(day, at=at) for day in days):
        raise ClaimsRefused("BILL_DAYS")
    if bill.discharged_on is not None and (bill.admitted_on is None or bill.discharged_on < bill.admitted_on):
        raise ClaimsRefused("BILL_DAYS")


def kinds_of(case: Case) -> list[str]:
    """Kinds of expense that the case's plans know: the engine's own, and those that a plan declares."""
    return kinds_of_plans(claim.plan for claim in case.claims.select_related("plan").order_by("position"))


def kinds_of_plans(plans: Iterable[Plan]) -> list[str]:
    """Of plans in the order in which they pay; a question each."""
    found = dict.fromkeys(KINDS)
    for plan in plans:
        terms = benefit_terms(plan)
        if terms is not None:
            for responsibility in terms.responsibilities:
                found.update(dict.fromkeys(getattr(responsibility, "counts", ())))
    return list(found)
