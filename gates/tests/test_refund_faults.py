"""A statement of refunds killed at points of its check and of its taking in: each refund is recorded and booked once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.testing import FULL_SWEEP
from beneficiaries.actions import Payment, approve_change, propose_refund
from beneficiaries.shown_change import digest_of
from beneficiaries.tests.outcomes import LOST, recover
from beneficiaries.tests.purchasing import paid_market, person
from gates.actions.statements import DESK
from gates.models import ClearingLine, HeldPayment, Refund, Statement
from gates.testing import approved_clearing, approved_statement, clearing_of, sent, taken_in
from jobs.testing import drain_through_failures
from portal.verify import check_all
from programs.models import LedgerAccount

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def test_a_fault_at_any_point_records_and_books_each_refund_once(monkeypatch: Any) -> None:
    monkeypatch.setattr("gates.testing.STATEMENT_HEADINGS", {
        "origin": "原流水号", "amount": "退款金额", "paid_on": "退款日期", "serial": "流水号",
    })
    market = paid_market(refund_days=15)
    world, today = market.world, str(timezone.localdate())
    world.period = market.period
    struck, k = 0, 1
    while True:
        cover = market.enroll(person(k), reference=f"P{k}", payment=Payment(f"ZF-{k}", market.at, D("150.00")))
        change = propose_refund(cover, reason="改变主意", by=world.clerk, at=market.at)
        approve_change(change, shown=digest_of(change), by=world.reviewer, at=market.at)
        with monkeypatch.context() as patched:
            patched.setattr("gates.testing.STATEMENT_HEADINGS", {"amount": "缴费金额", "paid_on": "缴费日期", "serial": "流水号"})
            taken_in(world, [{"amount": "88.00", "paid_on": today, "serial": f"GZ-{k}"}], reference=f"DZ-{k}")
        approved_clearing(world, clearing_of(world, HeldPayment.objects.filter(row__serial=f"GZ-{k}"), "return"))
        before = LedgerAccount.objects.get(kind="own_received", program=market.program).balance
        lines = [
            {"origin": f"GZ-{k}", "amount": "88.00", "paid_on": today, "serial": f"R-{k}"},
            {"origin": f"ZF-{k}", "amount": "150.00", "paid_on": today, "serial": f"Q-{k}"},
        ]
        given: dict[str, Any] = {"reference": f"TK-{k}", "direction": "out"}
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                statement = sent(world, lines, **given)
                drain_through_failures()
                found = Statement.objects.get(pk=statement.pk)
                if found.state == "review":
                    approved_statement(world, found)
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        statement = Statement.objects.filter(reference=f"TK-{k}").first() or sent(world, lines, **given)
        recover()
        statement.refresh_from_db()
        if statement.state == "review":
            approved_statement(world, statement)
        elif statement.state == "submitted":
            DESK.approve(statement, digest=statement.digest, by=world.finance_checker, at=timezone.now())
        recover()
        statement.refresh_from_db()
        assert statement.state == "applied", fault.seen[-1]
        assert list(Refund.objects.filter(enrollment=cover).values_list("amount", flat=True)) == [D("150.00")], fault.seen[-1]
        line = ClearingLine.objects.get(held__row__serial=f"GZ-{k}")
        assert (line.outcome, line.reference, line.clearing.state) == ("done", f"R-{k}", "done"), fault.seen[-1]
        after = LedgerAccount.objects.get(kind="own_received", program=market.program).balance
        assert before - after == D("88.00"), fault.seen[-1]
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 37
    assert struck > 2
    assert [result.name for result in check_all() if result.rows] == []
