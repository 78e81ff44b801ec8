"""Employers of the demo: one has paid for its staff and their families by its bill, one has still to pay."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.utils import timezone

from accounts.models import User
from beneficiaries import actions as enrolling
from beneficiaries.actions.employers import employers_of
from beneficiaries.employing import EMPLOYED_COLUMNS, RELATION
from beneficiaries.models import Employer, Roster
from beneficiaries.synthetic import people
from gates import actions as gates
from gates.models import BillPayment, EmployerBill
from intake.models import State
from jobs.actions import run_pending
from programs.models import Period

#: People of the demo's county whom neither a roster of it nor a family names.
FIRST = 30_000
#: An employee comes alone, or with one of these.
_AT_WORK, _CHILDREN = range(1968, 2003), range(2009, 2026)
_RELATIONS = ("", "", "配偶", "", "子女")


@dataclass(frozen=True)
class Company:
    """An employer that does not exist, and how many people it enrolls."""

    name: str
    uscc: str
    contact: str
    phone: str
    people: int
    takes_families: bool
    pays: bool


COMPANIES = (
    Company("示例精密制造有限公司", "91441602MA4W0000X5", "陈会计", "0762-3380101", 18, takes_families=True, pays=True),
    Company("示例电子科技有限公司", "91441602MA4W0001X6", "李主任", "0762-3380202", 11, takes_families=False, pays=False),
)


def insure_staff(
    period: Period, *, clerk: User, reviewer: User, maker: User, checker: User, say: Callable[[str], None]
) -> None:
    """Each company with its roster and its bill, of which the first is paid. Each step once."""
    first = FIRST
    for company in COMPANIES:
        employer = employers_of(period.program, clerk.organization).filter(uscc=company.uscc).first() or enrolling.record_employer(
            period.program, organization=clerk.organization, name=company.name, uscc=company.uscc,
            takes_families=company.takes_families, contact_name=company.contact, contact_phone=company.phone, by=clerk,
            at=timezone.now(),
        )
        _enroll(employer, company, period, first=first, clerk=clerk, reviewer=reviewer)
        first += 10 * company.people
        bill = EmployerBill.objects.filter(employer=employer).first()
        if company.pays and bill is not None:
            _pay(bill, maker=maker, checker=checker, at=timezone.now())
    say(f"{period}: {len(COMPANIES)} employers")


def _enroll(employer: Employer, company: Company, period: Period, *, first: int, clerk: User, reviewer: User) -> None:
    roster = Roster.objects.filter(employer=employer).first()
    if roster is None:
        lines = list(islice(_lines(clerk.organization.region_code or "", company, first=first), company.people))
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow([str(column.label) for column in EMPLOYED_COLUMNS])
        writer.writerows(lines)
        roster = enrolling.upload_roster(
            [(f"{company.name}职工名单.csv", io.BytesIO(text.getvalue().encode("utf-8-sig")))], period=period,
            organization=clerk.organization, employer=employer, by=clerk, at=timezone.now(),
        )
    run_pending()
    roster = Roster.objects.get(pk=roster.pk)
    if roster.state == State.REVIEW:
        roster = enrolling.submit_roster(roster, by=clerk, at=timezone.now())
    if roster.state == State.SUBMITTED:
        enrolling.approve_roster(roster, digest=roster.digest, by=reviewer, at=timezone.now())
        run_pending()


def _lines(region: str, company: Company, *, first: int) -> Iterator[list[str]]:
    """Good lines of the county's synthetic people; where families come along, some of their relation."""
    place = 0
    for line in people(10 * company.people, seed=2026, region=region, first=first):
        cells = {column.key: value for column, value in zip(EMPLOYED_COLUMNS, line.cells, strict=False)}
        relation = _RELATIONS[place % len(_RELATIONS)] if company.takes_families else ""
        born = int(cells["document"][6:10]) if len(cells["document"]) == 18 else 0
        if born in (_CHILDREN if relation == "子女" else _AT_WORK):
            cells |= {"categories": "", RELATION: relation}
            place += 1
            yield [cells.get(column.key, "") for column in EMPLOYED_COLUMNS]


def _pay(bill: EmployerBill, *, maker: User, checker: User, at: datetime) -> None:
    payment = BillPayment.objects.filter(bill=bill).first() or gates.record_bill_payment(
        bill, reference=f"DG{bill.period.code}{bill.pk:06d}", paid_on=timezone.localdate(at), amount=bill.amount, by=maker, at=at
    )
    if payment.state == BillPayment.State.PROPOSED:
        gates.confirm_bill_payment(payment, by=checker, at=at)
