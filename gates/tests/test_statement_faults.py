"""A statement killed at every point of its check and of its taking in, and two ways of paying at once: no fen lost or doubled."""

from __future__ import annotations

from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP
from audit.worlds import keepable
from beneficiaries.actions import Gate, pass_gate
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.outcomes import LOST, recover
from gates.actions.statements import DESK
from gates.errors import GatesRefused
from gates.models import HeldPayment, OwnPayment, OwnPaymentLine, Statement
from gates.testing import approved_statement, checked_statement, line_of, paid, sent
from intake.errors import IntakeRefused
from jobs.testing import drain, drain_through_failures
from portal.verify import check_all
from programs.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@keepable
def waiting_world() -> tuple[World, Roster]:
    """Four people who have only to pay."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    roster = applied(world, people(4))
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    return world, roster


def covers_of(roster: Roster) -> list[Enrollment]:
    return list(roster.enrollments.select_related("person", "program", "period").order_by("pk"))


def broken() -> list[str]:
    return [result.name for result in check_all() if result.rows]


def test_a_fault_at_any_point_of_a_statements_way_loses_and_doubles_no_fen(monkeypatch: Any) -> None:
    monkeypatch.setattr("intake.staging.ROWS_PER_CHUNK", 2)
    world, _roster = waiting_world()
    struck, k = 0, 1
    while True:
        roster = applied(world, people(3, first=100 + 10 * k))
        pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
        one, two, three = covers_of(roster)
        lines = [line_of(one), line_of(two), line_of(three, amount="5.00"), line_of(three, serial="")]
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                statement = sent(world, lines, reference=f"DZ-{k}")
                drain_through_failures()
                found = Statement.objects.get(pk=statement.pk)
                if found.state == "review":
                    approved_statement(world, found)
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        # What was not received whole was not received at all, and comes again.
        statement = Statement.objects.filter(reference=f"DZ-{k}").first() or sent(world, lines, reference=f"DZ-{k}")
        recover()
        statement.refresh_from_db()
        if statement.state == "review":
            approved_statement(world, statement)
        elif statement.state == "submitted":
            # Struck between the two clicks: the second person clicks once more.
            DESK.approve(statement, digest=statement.digest, by=world.finance_checker, at=timezone.now())
        recover()
        statement.refresh_from_db()
        assert statement.state == "applied", fault.seen[-1]
        payment = OwnPayment.objects.get(statement=statement)
        assert (payment.state, payment.people, payment.amount, payment.left_people) == ("recorded", 3, D("0.03"), 0), fault.seen[-1]
        assert set(roster.enrollments.values_list("state", "own_paid_at")) == {("in_force", payment.made_at)}
        assert list(HeldPayment.objects.filter(statement=statement).values_list("kind", "amount")) == [("amount", D("5.00"))]
        booked = LedgerEntry.objects.filter(
            transaction__source_type="gates.ownpayment", transaction__source_id=payment.pk, account__kind="own_received"
        )
        assert sum(booked.values_list("amount", flat=True)) == D("0.03"), fault.seen[-1]
        for verb in ("statement.applied", "statement.money_held"):
            assert Event.objects.filter(verb=verb, subject_id=str(statement.pk)).count() == 1, (verb, fault.seen[-1])
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 97
    assert struck > 1
    assert broken() == []


def at_once(*works: Any) -> list[Any]:
    """What each gives or raises, run side by side on connections of their own."""
    found: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        try:
            found[place] = works[place]()
        except (GatesRefused, IntakeRefused) as refused:
            found[place] = refused
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_the_same_statement_twice_at_once_is_taken_once() -> None:
    world, roster = waiting_world()
    lines = [line_of(cover) for cover in covers_of(roster)]
    first, second = at_once(lambda: sent(world, lines), lambda: sent(world, lines))
    refused = [each for each in (first, second) if isinstance(each, Exception)]
    assert [each.code for each in refused] in (["ALREADY_IMPORTED"], ["REFERENCE_TAKEN"])
    assert Statement.objects.count() == 1
    drain()
    assert Statement.objects.get().state == "review"


def test_one_reference_with_two_contents_at_once_stands_once() -> None:
    world, roster = waiting_world()
    one, two, *_others = covers_of(roster)
    answers = at_once(lambda: sent(world, [line_of(one)]), lambda: sent(world, [line_of(two)]))
    assert [each.code for each in answers if isinstance(each, Exception)] == ["REFERENCE_TAKEN"]
    assert Statement.objects.count() == 1


def test_a_statement_and_a_payment_of_the_same_people_at_once_pay_each_share_once() -> None:
    world, roster = waiting_world()
    covers = covers_of(roster)
    statement = approved_statement(world, checked_statement(world, [line_of(cover) for cover in covers]))
    _jobs, bulk = at_once(
        drain_through_failures, lambda: paid(world, roster.enrollments.all(), amount=D("0.04"), reference="YH-1")
    )
    recover()
    statement.refresh_from_db()
    by_file = OwnPayment.objects.get(statement=statement)
    assert (statement.state, by_file.state) == ("applied", "recorded")
    assert OwnPaymentLine.objects.count() == 4
    if isinstance(bulk, GatesRefused):
        assert (bulk.code, by_file.left_people, HeldPayment.objects.count()) == ("NOBODY_OWES", 0, 0)
    else:
        assert (by_file.left_people, by_file.left_amount) == (4, D("0.04"))
        assert set(HeldPayment.objects.values_list("kind", flat=True)) == {"twice"}
    assert set(roster.enrollments.values_list("state", flat=True)) == {"in_force"}
    assert broken() == []


def test_two_statements_of_the_same_people_at_once_pay_each_share_once() -> None:
    world, roster = waiting_world()
    covers = covers_of(roster)
    checked = [
        checked_statement(world, [line_of(cover, serial=f"{name}{cover.pk}") for cover in covers], reference=name)
        for name in ("DZ-1", "DZ-2")
    ]
    for statement in checked:
        approved_statement(world, statement)
    at_once(drain_through_failures, drain_through_failures)
    recover()
    assert set(Statement.objects.values_list("state", flat=True)) == {"applied"}
    assert (OwnPaymentLine.objects.count(), HeldPayment.objects.count()) == (4, 4)
    assert sorted(OwnPayment.objects.values_list("left_people", flat=True)) == [0, 4]
    assert broken() == []
