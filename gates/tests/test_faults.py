"""A notice that closes and a payment of many, killed at every point of their way: everybody once, and the books add up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP
from beneficiaries.testing import applied, make_world, people
from beneficiaries.tests.outcomes import LOST, recover
from gates import actions
from gates.testing import TERMS, paid, posted_notice
from jobs.testing import drain_through_failures
from portal.verify import check_all
from programs.models import LedgerEntry


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_closing_loses_and_doubles_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr("gates.actions.notices.BATCH", 2)
    world = make_world(**{**TERMS, "notice_days": 0})
    struck, k = 0, 1
    while True:
        roster = applied(world, people(3, first=10 * k))
        notice = posted_notice(world)
        actions.close_notice(notice, by=world.clerk, at=timezone.now())
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        notice.refresh_from_db()
        assert (notice.state, notice.passed) == ("closed", 3), fault.seen[-1]
        assert roster.enrollments.exclude(notice_passed_at=None).count() == 3
        told = Event.objects.filter(verb="roster.gate_passed", subject_id=str(roster.pk))
        assert sum(told.values_list("data__passed", flat=True)) == 3
        assert Event.objects.filter(verb="notice.closed", subject_id=str(notice.pk)).count() == 1
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 17
    assert struck > 1
    assert [result.name for result in check_all() if result.rows] == []


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_payment_of_many_loses_and_doubles_no_fen(monkeypatch: Any) -> None:
    monkeypatch.setattr("gates.actions.payments.BATCH", 2)
    monkeypatch.setattr("gates.actions.payments.AT_ONCE", 0)
    world = make_world(requires_own_payment=True)
    struck, k = 0, 1
    while True:
        roster = applied(world, people(3, first=10 * k))
        payment = paid(world, roster.enrollments.all(), amount=Decimal("0.03"), reference=f"R{k}")
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        payment.refresh_from_db()
        assert (payment.state, payment.left_people) == ("recorded", 0), fault.seen[-1]
        assert set(roster.enrollments.values_list("state", "own_paid_at")) == {("in_force", payment.made_at)}
        booked = LedgerEntry.objects.filter(
            transaction__source_type="gates.ownpayment", transaction__source_id=payment.pk, account__kind="own_received"
        )
        assert sorted(booked.values_list("amount", flat=True)) == [Decimal("0.01"), Decimal("0.02")], fault.seen[-1]
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 17
    assert struck > 1
    assert [result.name for result in check_all() if result.rows] == []
