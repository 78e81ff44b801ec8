"""Families of the demo: insured at the counter, and what the office of personal medical accounts says that it collected of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from django.utils import timezone

from accounts.models import User
from beneficiaries import actions as enrolling
from beneficiaries.actions import Member, Payer, Payment, Request
from beneficiaries.columns import COLUMNS
from beneficiaries.models import Purchase
from beneficiaries.models.payer import Relation, Way
from beneficiaries.synthetic import people
from gates import actions as gates
from gates.actions.statements import DESK
from gates.models import Channel, Statement
from intake.models import State
from jobs.actions import run_pending
from programs.models import Period

#: So many families; of the last two's payments the statement says one otherwise, and one not at all.
FAMILIES = 5
#: People of the demo's county whom no roster of it names.
FIRST = 20_000
_ADULT, _OLD = 18, 66


def insure_families(period: Period, *, clerk: User, maker: User, checker: User, say: Callable[[str], None]) -> None:
    """Families of this year; then a statement of all payments but the last two, of which one stands there under another number."""
    at = timezone.now()
    bought = enroll_families(period, FAMILIES, clerk=clerk, at=at)
    lines = [(each.payment_reference, each.reference, each.own_share) for each in bought[:-2]]
    lines += [(f"{each.payment_reference}9", "", each.own_share) for each in bought[-2:-1]]
    collected(period, lines, maker=maker, checker=checker, at=at)
    say(f"{period}: {len(bought)} families")


def enroll_families(period: Period, count: int, *, clerk: User, at: datetime) -> list[Purchase]:
    """A parent, sometimes both, and a child, paid out of a personal medical account; each once."""
    office = clerk.organization
    region = office.region_code or ""
    # Whoever comes before the period begins brings nobody who is not born yet.
    found = families_of(period, region, count, at=at)
    for number, family in enumerate(found, 1):
        reference = f"TB-{period.code}-{number:04d}"
        if Purchase.objects.filter(period=period, organization=office, reference=reference).exists():
            continue
        due = sum(
            (each.own_share for each in enrolling.judge_family(family, period=period, organization=office, by=clerk, at=at)),
            Decimal("0.00"),
        )
        enrolling.enroll_together(
            Payer(family[0].cells["name"], family[0].cells["phone"], Way.ACCOUNT), family, period=period, organization=office,
            request=Request(reference, Purchase.Channel.OFFICE), payment=Payment(_serial(period, number), at, due), by=clerk, at=at,
        )
    return list(Purchase.objects.filter(period=period, channel=Purchase.Channel.OFFICE).order_by("pk"))[:count]


def families_of(period: Period, region: str, count: int, *, at: datetime) -> list[list[Member]]:
    """The families that a period's first purchases insure."""
    return list(islice(_families(region, day=min(period.starts_on, timezone.localdate(at))), count))


def _families(region: str, *, day: date) -> Iterator[list[Member]]:
    """Two adults and a child each, by the county's synthetic people."""
    adults: list[dict[str, str]] = []
    children: list[dict[str, str]] = []
    for cells in _cells(region):
        born = cells["document"][6:14]
        age = (day - date(int(born[:4]), int(born[4:6]), int(born[6:]))).days // 365
        if 0 <= age < _ADULT:
            children.append(cells)
        elif _ADULT <= age < _OLD:
            adults.append(cells)
        if len(adults) > 1 and children:
            pair = (Member(adults.pop(0), Relation.SELF), Member(adults.pop(0), Relation.SPOUSE))
            yield [*pair, Member(children.pop(0), Relation.CHILD)]


def _cells(region: str) -> Iterable[dict[str, str]]:
    keys = [column.key for column in COLUMNS]
    for line in people(400, seed=2026, region=region, first=FIRST):
        cells = {key: value for key, value in zip(keys, line.cells, strict=True) if value and key != "categories"}
        if len(cells["document"]) == 18:
            yield cells


def _serial(period: Period, number: int) -> str:
    return f"GZ{period.code}{number:06d}"


def collected(
    period: Period, lines: Sequence[tuple[str, str, Decimal]], *, maker: User, checker: User, at: datetime
) -> None:
    """What the office of personal medical accounts says that it collected: serial number, application, yuan. Once, and taken in."""
    reference = f"GZ-{period.code}-01"
    statement = Statement.objects.filter(program=period.program, reference=reference).first()
    if statement is None:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["流水号", "投保申请编号", "缴费金额", "缴费日期"])
        day = f"{timezone.localdate(at):%Y-%m-%d}"
        writer.writerows([*line, day] for line in lines)
        statement = gates.upload_statement(
            [("个人账户扣款明细.csv", io.BytesIO(text.getvalue().encode("utf-8-sig")))], period=period,
            organization=maker.organization, channel=Channel.ACCOUNT, reference=reference, control_lines=len(lines),
            control_amount=sum((amount for _serial, _application, amount in lines), Decimal("0.00")), by=maker, at=at,
        )
    run_pending()
    statement = Statement.objects.get(pk=statement.pk)
    if statement.state == State.REVIEW:
        statement = DESK.submit(statement, by=maker, at=timezone.now())
    if statement.state == State.SUBMITTED:
        DESK.approve(statement, digest=statement.digest, by=checker, at=timezone.now())
        run_pending()
