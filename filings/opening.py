"""Lines of an approved file become cases, chunk by chunk, each claim number whole; an undo takes cases back together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Organization
from audit.faults import fault_point
from audit.history import carry_context
from beneficiaries.models import Enrollment
from claims.actions import Account, Opening, open_cases, withdraw_cases
from claims.rules.states import State
from filings import attaching
from filings.judging import payee_problem
from filings.models import ClaimFile, ClaimFileRow, FiledCase
from filings.reading import Line, account_of, bill_of, line_of, report_of
from intake.errors import IntakeRefused
from intake.findings import Verdict
from intake.staging import chunk_digest
from intake.template import Applied, Template, Undone

#: How far the claims of an approved file go: they are received, found and approved, and wait to be taken into hand.
REACHED = State.REGISTERED
#: Claim numbers of one call.
AT_ONCE = 2_000
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('filings.opening:' || %s || ':' || %s, 0))"
#: What is told of a line whose report is refused when the file is applied; all others have changed since the review.
SET_ASIDE = {"REPORTED_ALREADY": "SINCE_REPORTED", "FILED_ALREADY": "SINCE_FILED"}
CHANGED = "CHANGED_SINCE_REVIEW"
SEALED = ("name", "diagnosis", "payee_name", "payee_account", "reporter_name", "reporter_phone")


def open_chunk(subject: ClaimFile, chunk: Any, template: Template, *, at: datetime) -> Applied:
    """Cases of the claim numbers of one chunk, in the caller's transaction; lines of them in other chunks come along.

    One chunk of a sender at a time. What the sender's number or the event makes impossible now is set aside.
    """
    carry_context()
    with connection.cursor() as cursor:
        cursor.execute(_TURN, [subject.program_id, subject.sender_id])
    fault_point("filings.open_chunk.before")
    new = template.rows_of(subject).filter(verdict=Verdict.NEW)
    mine = list(new.filter(chunk=chunk.number).order_by("pk").values_list("pk", "claim_number"))
    numbers = list(dict.fromkeys(number for _pk, number in mine))
    known = dict(FiledCase.objects.filter(claim_file=subject, number__in=numbers).values_list("number", "code"))
    waiting = [number for number in numbers if number not in known]
    _refuse_altered(subject, template, chunk.number, waiting)
    reach = covers_of(subject)
    for start in range(0, len(waiting), AT_ONCE):
        known |= _open(subject, new, waiting[start : start + AT_ONCE], reach=reach, at=at)
    aside = 0
    for code in sorted({code for code in known.values() if code}):
        refused = [pk for pk, number in mine if known[number] == code]
        aside += ClaimFileRow.objects.filter(pk__in=refused).update(set_aside=code)
    fault_point("filings.open_chunk.after")
    return Applied(len(mine) - aside, aside)


def covers_of(subject: ClaimFile) -> Any:
    """Covers that the file may open claims on: of its office and those below, in its region, over all programs."""
    offices = Organization.objects.filter(path__startswith=subject.organization.path).values("pk")
    return Enrollment.objects.filter(organization__in=offices, region_code__startswith=subject.region_code)


def _refuse_altered(subject: ClaimFile, template: Template, number: int, numbers: Sequence[str]) -> None:
    """Lines of other chunks are used only as they were approved."""
    others = template.rows_of(subject).filter(verdict=Verdict.NEW, claim_number__in=numbers).exclude(chunk=number)
    touched = set(others.order_by().values_list("chunk", flat=True).distinct())
    for other in template.chunks_of(subject).filter(number__in=touched):
        if chunk_digest(template, subject.pk, other.number) != other.digest:
            raise IntakeRefused("DIGEST")


def _open(subject: ClaimFile, new: Any, numbers: Sequence[str], *, reach: Any, at: datetime) -> dict[str, str]:
    """Of each claim number "" where its case is open, else why it is set aside."""
    rows: dict[str, list[ClaimFileRow]] = defaultdict(list)
    for row in new.filter(claim_number__in=numbers).order_by("pk"):
        rows[row.claim_number or ""].append(row)
    births = dict(
        Enrollment.objects.filter(pk__in=[group[0].enrollment_id for group in rows.values()]).values_list("pk", "person__birth_on")
    )
    standing = set(FiledCase.objects.filter(
        program=subject.program_id, sender=subject.sender_id, number__in=numbers, case__isnull=False, undone_at=None
    ).values_list("number", flat=True))
    asked = {
        number: _opening([read(row) for row in group], group[0].enrollment_id or 0, births, at=at)
        for number, group in rows.items() if number not in standing
    }
    opened = dict(zip(
        asked, open_cases(list(asked.values()), by=subject.uploaded_by, at=at, until=REACHED, among=reach), strict=True
    ))
    made, told = [], {}
    for number, group in rows.items():
        found = opened.get(number)
        refused = "FILED_ALREADY" if found is None else "" if found.refused is None else found.refused.code
        told[number] = SET_ASIDE.get(refused, CHANGED) if refused else ""
        made.append(FiledCase(
            claim_file=subject, program_id=subject.program_id, sender_id=subject.sender_id, number=number,
            case=None if found is None else found.case, code=told[number], rows=[row.pk for row in group], opened_at=at,
        ))
    fault_point("filings.write_cases.before")
    FiledCase.objects.bulk_create(made)
    fault_point("filings.write_cases.after")
    return told


def read(row: ClaimFileRow) -> Line:
    """What a staged line says, opened."""
    cells = {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}
    for name in SEALED:
        cells[name] = "" if cells[name] is None else cells[name].reveal()
    return line_of(cells)


def _opening(lines: Sequence[Line], cover: int, births: Any, *, at: datetime) -> Opening:
    """One report of all lines of a number: what the first of them says that says anything, and a bill of each."""
    said: dict[str, Any] = {
        name: next((value for line in lines if (value := getattr(line, name))), getattr(lines[0], name))
        for name in ("diagnosis", "reported_on", "reporter", "reporter_name", "reporter_phone", "event_kind")
    }
    told = report_of(replace(lines[0], **said))
    accounts = [account for line in lines if (account := _account(line, births[cover], at=at)) is not None]
    bills = [pair for line in lines if (pair := bill_of(line)) is not None]
    return Opening(cover, told, bills, accounts[0] if accounts else None)


def _account(line: Line, birth_on: Any, *, at: datetime) -> Account | None:
    """The account, where it fits; another is stated by whoever handles the claim."""
    account = account_of(line)
    return None if payee_problem(account, line.name, birth_on, on=timezone.localdate(at)) else account


def undo_chunk(subject: ClaimFile, chunk: Any, *, at: datetime) -> Undone:
    """Cases with a line in the chunk taken back, in the caller's transaction; those of which a claim is decided stay."""
    carry_context()
    mine = list(
        ClaimFileRow.objects.filter(claim_file=subject, chunk=chunk.number, verdict=Verdict.NEW, set_aside="").order_by("pk")
        .values_list("pk", "claim_number")
    )
    filed = FiledCase.objects.filter(claim_file=subject, number__in={number for _pk, number in mine}, case__isnull=False)
    cases = dict(filed.filter(undone_at=None).values_list("case", "number"))
    by = subject.undo_decided_by
    assert by is not None
    fault_point("filings.undo_chunk.before")
    stays = withdraw_cases(list(cases), reason=f"#{subject.pk} {subject.undo_reason}", by=by, at=at) if cases else {}
    filed.filter(case__in=[case for case in cases if case not in stays]).update(undone_at=at)
    kept = {cases[case]: code for case, code in stays.items()}
    for code in sorted(set(kept.values())):
        rows = [pk for pk, number in mine if kept.get(number or "") == code]
        ClaimFileRow.objects.filter(pk__in=rows).update(kept=code)
    fault_point("filings.undo_chunk.after")
    counted = Counter(kept[number] for _pk, number in mine if number is not None and number in kept)
    return Undone(len(mine) - sum(counted.values()), counted, {"cases": len(cases) - len(stays)})


def attach_waiting(subject: ClaimFile, *, at: datetime) -> None:
    """Have papers read that waited for the cases; in the transaction that ends the application."""
    for archive in subject.paper_archives.order_by("pk"):
        attaching.queue_archive(archive, by=attaching.OPENER, at=at)
