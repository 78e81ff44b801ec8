"""Marks of a case, of a bill and of its charges: set by who handles it, while nothing of the case is calculated or decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from audit.faults import fault_point
from benefits.wording import LANGUAGES
from claims.actions.cases import editable
from claims.actions.handling import HANDLE
from claims.errors import ClaimsRefused
from claims.marks import all_marks, known_marks, said_of
from claims.models import Bill, BillLine, Case, Standing
from claims.stepping import record_case, said


def mark_case(case: Case, marks: Sequence[str], *, reason: str, by: User, at: datetime) -> Case:
    """State which marks the case has: exactly these. An exclusion that asks for one of them then holds for the whole case."""
    reason = said(reason)
    with transaction.atomic():
        case = editable(case, by=by, permission=HANDLE)
        known = known_marks(case)
        wanted = _checked(marks, known)
        if wanted == case.marks:
            return case
        fault_point("claims.mark_case.before")
        case.marks = wanted
        case.save(update_fields=["marks"])
        if wanted:
            record_case("case.marked", case, by=by, at=at, marks=wanted, reason=reason, **_in_words(wanted, case))
        else:
            record_case("case.unmarked", case, by=by, at=at, reason=reason)
        fault_point("claims.mark_case.after")
    return case


def mark_bill(
    bill: Bill, marks: Sequence[str], *, lines: Mapping[int, Sequence[str]] | None = None, reason: str, by: User, at: datetime
) -> Bill:
    """State which marks a bill has, and of its charges those of `lines` (by id): exactly these; other charges keep theirs."""
    reason = said(reason)
    with transaction.atomic():
        case = editable(bill.case, by=by, permission=HANDLE)
        bill = Bill.objects.prefetch_related("lines").get(pk=bill.pk)
        if bill.standing == Standing.REMOVED:
            raise ClaimsRefused("BILL_REMOVED")
        known = known_marks(case)
        wanted = _checked(marks, known)
        changed = _lines_to_change(bill, lines or {}, known)
        if wanted == bill.marks and not changed:
            return bill
        fault_point("claims.mark_bill.before")
        bill.marks = wanted
        bill.save(update_fields=["marks"])
        BillLine.objects.bulk_update(changed, ["marks"])
        if every := all_marks(bill):
            words = _in_words(every, case)
            record_case("case.bill_marked", case, by=by, at=at, amount=str(bill.total), marks=every, reason=reason, **words)
        else:
            record_case("case.bill_unmarked", case, by=by, at=at, amount=str(bill.total), reason=reason)
        fault_point("claims.mark_bill.after")
    return bill


def _lines_to_change(bill: Bill, lines: Mapping[int, Sequence[str]], known: Mapping[str, str]) -> list[BillLine]:
    """Charges whose marks become others, with these; ClaimsRefused("MARK_LINE") where the bill has no such charge."""
    held = {line.pk: line for line in bill.lines.all()}
    if not lines.keys() <= held.keys():
        raise ClaimsRefused("MARK_LINE")
    changed = []
    for number, marks in lines.items():
        wanted = _checked(marks, known)
        if wanted != held[number].marks:
            held[number].marks = wanted
            changed.append(held[number])
    return changed


def _in_words(marks: Sequence[str], case: Case) -> dict[str, str]:
    """As an event keeps them beside their codes: what a plan calls its exclusions, by language."""
    return {language: said_of(marks, known_marks(case, language), language) for language in LANGUAGES}


def _checked(marks: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """As they are kept: each once, in order; ClaimsRefused("MARK") for one that no exclusion asks for."""
    wanted = sorted(set(marks))
    for mark in wanted:
        if mark not in known:
            raise ClaimsRefused("MARK", mark=mark)
    return wanted
