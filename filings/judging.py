"""What is found of a line beyond its cells: by the rules that hold for one case entered by hand, asked for a chunk at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from claims.actions import Account
from claims.actions.bills import kinds_of_plans, presented_before, refuse_unfit
from claims.actions.cases import refuse_untimely, reported_before
from claims.actions.handling import is_minor, number_of
from claims.checking import findings_of
from claims.errors import ClaimsRefused
from claims.models import CASE_LETTER, Payee, Standing, numbered
from filings.meanings import BILL
from filings.models import ClaimFile, FiledCase
from filings.reading import Line, account_of, bill_of, report_of, stay_of

#: Column -> whether a finding is told of it, by code; others: the claim number's.
TOLD_OF: Mapping[str, str] = {
    "HAPPENS_LATER": "event_on", "REPORTED_BEFORE": "reported_on", "TIME_NEEDED": "event_time", "FILED_EVENT": "event_on",
    "FILED_WORDS": "diagnosis", "FILED_HOSPITAL": "hospital", "FILED_STAY": "event_on", "FILED_NO_BILL": "total",
    "FILED_ELSEWHERE": "invoice_number",
    "BILL_LINES": "total", "BILL_AMOUNT": "total", "BILL_NUMBER": "invoice_number", "BILL_KIND": "total", "BILL_DAYS": "issued_on",
    "PAYEE_ACCOUNT": "payee_account", "BANK_CODE": "bank_code", "PAYEE_NAME": "payee_name", "PAYEE_MINOR": "payee",
    "B_INVOICE_CODE": "invoice_code", "B_INVOICE_NUMBER": "invoice_number", "B_INVOICE_CHECK_CODE": "check_code",
}
_COUNTING = (Standing.STANDS, Standing.ALLOWED)


@dataclass(frozen=True)
class Found:
    """A finding of a row: code, and its one fact."""

    row: int
    code: str
    extra: str = ""

    @property
    def column(self) -> str:
        """Of which column it is told."""
        return TOLD_OF.get(self.code, "total" if self.code.startswith(BILL) else "claim_number")


def found_of(lines: Mapping[int, tuple[Line, int]], subject: ClaimFile, *, at: datetime) -> list[Found]:
    """Of usable lines (row -> line, its cover): what does not fit. At most six questions, and one for each plan."""
    covers = {
        cover.pk: cover for cover in
        Enrollment.objects.filter(pk__in={cover for _line, cover in lines.values()}).select_related("plan", "person")
    }
    told = {row: report_of(line) for row, (line, _cover) in lines.items()}
    bills = {row: bill_of(line) for row, (line, _cover) in lines.items()}
    known = reported_before(list(covers.values()))
    presented = presented_before(bill for pair in bills.values() if pair is not None for bill in pair[:1])
    filed = dict(
        FiledCase.objects.filter(
            program=subject.program_id, sender=subject.sender_id, number__in={line.claim_number for line, _cover in lines.values()},
            case__isnull=False, undone_at=None,
        ).exclude(claim_file=subject.pk).values_list("number", "case")
    )
    kinds: dict[int, list[str]] = {}
    found: list[Found] = []
    for row, (line, cover_id) in lines.items():
        cover = covers[cover_id]
        if line.claim_number in filed:
            found.append(Found(row, "FILED_ALREADY", numbered(CASE_LETTER, filed[line.claim_number])))
            continue
        key = (cover_id, str(told[row].kind), told[row].event_at, told[row].diagnosis)
        if key in known:
            found.append(Found(row, "FILED_EVENT", numbered(CASE_LETTER, known[key])))
            continue
        found += [Found(row, *each) for each in _of_event(line, cover, told[row], at=at)]
        if cover.plan_id not in kinds:
            kinds[cover.plan_id] = kinds_of_plans([cover.plan])
        found += [Found(row, *each) for each in _of_bill(line, bills[row], presented, kinds[cover.plan_id], at=at)]
        if (code := payee_problem(account_of(line), line.name, cover.person.birth_on, on=timezone.localdate(at))):
            found.append(Found(row, code))
    return found


def _of_event(line: Line, cover: Enrollment, told: Any, *, at: datetime) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    try:
        refuse_untimely(told, at=at)
    except ClaimsRefused as refused:
        found.append((refused.code,))
    if cover.covers_a_span and not told.time_known:
        found.append(("TIME_NEEDED",))
    if line.diagnosis and not line.code:
        found.append(("FILED_WORDS",))
    stay = stay_of(line)
    if stay is not None and not stay[0] <= line.event_on <= stay[1]:
        found.append(("FILED_STAY",))
    return found


def _of_bill(line: Line, pair: Any, presented: Any, known: Sequence[str], *, at: datetime) -> list[tuple[str, ...]]:
    if pair is None:
        return [("FILED_NO_BILL",)]
    bill, charges = pair
    found: list[tuple[str, ...]] = [] if line.hospital_name else [("FILED_HOSPITAL",)]
    try:
        refuse_unfit(bill, charges, known=known, at=at)
    except ClaimsRefused as refused:
        return [*found, (refused.code, str(refused.facts.get("kind", "")))]
    found += [(f"{BILL}{each['code']}",) for each in findings_of(bill, charges, name="", document="", at=at)]
    same = presented.get((bill.invoice_code, bill.invoice_number), ()) if bill.invoice_number else ()
    if any(standing in _COUNTING for _case, standing in same):
        # Whose case it is, nobody is told.
        found.append(("FILED_ELSEWHERE", ""))
    return found


def payee_problem(account: Account | None, name: str, birth_on: date | None, *, on: date) -> str:
    """Why an account is left out, "" where it fits or none is said; `name`: the insured person's."""
    if account is None:
        return ""
    try:
        number_of(account)
    except ClaimsRefused as refused:
        return refused.code
    holder = " ".join(account.name.split())
    if not 2 <= len(holder) <= 100 or (account.payee == Payee.SELF and holder != name):
        return "PAYEE_NAME"
    return "PAYEE_MINOR" if account.payee == Payee.SELF and is_minor(birth_on, on=on) else ""
