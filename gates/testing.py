"""Rosters that wait for their gates, notices, payments and collection statements, for tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from gates.actions import (
    approve_clearing,
    make_notice,
    post_notice,
    propose_assignment,
    propose_giving_up,
    propose_match,
    propose_return,
    propose_reversal,
    propose_unmatch,
    record_payment,
    upload_statement,
)
from gates.actions.statements import DESK
from gates.models import WHITELIST, Channel, Clearing, Notice, OwnPayment, Statement
from jobs.testing import drain
from programs.models import Category

TERMS: dict[str, Any] = {"requires_notice": True, "notice_days": 5, "requires_own_payment": True}


def made_notice(world: World, **changes: Any) -> Notice:
    """A draft of the county's office, from today, for the days that the plan asks for."""
    at: datetime = changes.pop("at", timezone.now())
    values: dict[str, Any] = {
        "organization": world.office, "region_code": "441602", "starts_on": timezone.localdate(at),
        "days": world.plan.notice_days, "columns": list(WHITELIST),
        "named_categories": list(Category.objects.filter(code__in=("dibao", "tekun"))), "basis": "社会救助暂行办法",
        "phone": "0762-3380000", "by": world.clerk, "at": at, **changes,
    }
    return make_notice(world.period, **values)


def posted_notice(world: World, **changes: Any) -> Notice:
    """Posted by the reviewer."""
    notice = made_notice(world, **changes)
    return post_notice(notice, by=world.reviewer, at=changes.get("at", timezone.now()))


def moment(day: date, hour: int = 9) -> datetime:
    """A moment of a day."""
    return timezone.make_aware(datetime.combine(day, time(hour)))


def paid(world: World, covers: Any, **changes: Any) -> OwnPayment:
    """By the city's finance maker, today."""
    values: dict[str, Any] = {
        "period": world.period, "reference": "YH-20261126-1", "paid_on": timezone.localdate(), "by": world.finance_maker,
        "at": timezone.now(), **changes,
    }
    return record_payment(covers, **values)


#: Headings of a statement in these tests, by the keys of its columns.
STATEMENT_HEADINGS = {
    "number": "保障凭证号", "name": "姓名", "document": "证件号码", "amount": "缴费金额", "paid_on": "缴费日期", "serial": "流水号",
    "application": "投保申请编号", "remark": "附言",
}


def line_of(cover: Enrollment, **cells: str) -> dict[str, str]:
    """A line that pays the own share of a cover, by its number."""
    return {
        "number": cover.number, "name": cover.person.name.reveal(), "document": "", "amount": str(cover.own_share),
        "paid_on": str(timezone.localdate()), "serial": f"S{cover.pk}", **cells,
    }


def statement_csv(lines: Sequence[dict[str, str]]) -> io.BytesIO:
    """A statement as a bank gives it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(STATEMENT_HEADINGS.values())
    writer.writerows([[line.get(key, "") for key in STATEMENT_HEADINGS] for line in lines])
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def sent(world: World, lines: Sequence[dict[str, str]], **changes: Any) -> Statement:
    """A statement that waits for its check; count and sum are those of its lines unless they are given."""
    values: dict[str, Any] = {
        "period": world.period, "organization": world.city, "channel": Channel.BANK, "reference": "DZ-1",
        "control_lines": len(lines), "by": world.finance_maker,
        "at": timezone.now(), **changes,
    }
    if "control_amount" not in values:
        values["control_amount"] = sum((Decimal(line["amount"]) for line in lines), Decimal("0.00"))
    return upload_statement([("对账单.csv", statement_csv(lines))], **values)


def checked_statement(world: World, lines: Sequence[dict[str, str]], **changes: Any) -> Statement:
    """Checked by its job."""
    statement = sent(world, lines, **changes)
    drain()
    return Statement.objects.get(pk=statement.pk)


def approved_statement(world: World, statement: Statement, **changes: Any) -> Statement:
    """Submitted by who uploaded it, approved by the checker; its lines wait for the job."""
    at = changes.get("at", timezone.now())
    DESK.submit(statement, by=world.finance_maker, at=at)
    found: Statement = DESK.approve(statement, digest=statement.digest, by=world.finance_checker, at=at)
    return found


def taken_in(world: World, lines: Sequence[dict[str, str]], **changes: Any) -> Statement:
    """The whole way."""
    statement = approved_statement(world, checked_statement(world, lines, **changes))
    drain()
    return Statement.objects.get(pk=statement.pk)


def clearing_of(world: World, held: Any, kind: str, **changes: Any) -> Clearing:
    """Held lines, or a payment, put forward by the city's finance maker."""
    values: dict[str, Any] = {"reason": "与银行回单核对", "by": world.finance_maker, "at": timezone.now(), **changes}
    propose: Any = {
        "assign": propose_assignment, "match": propose_match, "return": propose_return, "reverse": propose_reversal,
        "unmatch": propose_unmatch, "unpaid": propose_giving_up,
    }[kind]
    found: Clearing = propose(held, **values)
    return found


def approved_clearing(world: World, clearing: Clearing, **changes: Any) -> Clearing:
    """Approved by the city's finance checker."""
    values: dict[str, Any] = {"digest": clearing.digest, "by": world.finance_checker, "at": timezone.now(), **changes}
    return approve_clearing(clearing, **values)
