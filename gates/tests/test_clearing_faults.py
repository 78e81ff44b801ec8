"""Clearings beside each other, beside the close, and killed at every point: no fen lost, none paid or given back twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.testing import FULL_SWEEP, Stepper
from audit.worlds import keepable
from beneficiaries.actions import Gate, pass_gate, queue_lapses
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.outcomes import LOST, recover
from gates.errors import GatesRefused
from gates.models import Clearing, HeldPayment, OwnPayment, OwnPaymentLine
from gates.testing import (
    approved_clearing,
    approved_statement,
    checked_statement,
    clearing_of,
    line_of,
    moment,
    paid,
    taken_in,
)
from jobs.testing import drain, drain_through_failures
from portal.verify import check_all
from programs.models import LedgerTransaction, Period

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@keepable
def held_world() -> tuple[World, Roster]:
    """Four people who have only to pay, and two lines of a statement that name none of them by a number that fits."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    roster = applied(world, people(4))
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    misread = [line_of(cover, number=f"{cover.number[:-2]}00") for cover in covers_of(roster)[:2]]
    taken_in(world, misread)
    return world, roster


def covers_of(roster: Roster) -> list[Enrollment]:
    return list(roster.enrollments.select_related("person", "program", "period").order_by("pk"))


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def assignment(world: World, place: int, cover: Enrollment, *, at: datetime | None = None) -> Clearing:
    held = HeldPayment.objects.order_by("pk")[place]
    more = {"at": at} if at is not None else {}
    return clearing_of(world, HeldPayment.objects.filter(pk=held.pk), "assign", number=cover.number, **more)


def approval(world: World, clearing: Clearing, **changes: Any) -> Callable[[], Any]:
    return lambda: approved_clearing(world, Clearing.objects.get(pk=clearing.pk), **changes)


def test_a_double_click_and_a_second_line_for_one_cover_pay_it_once() -> None:
    world, roster = held_world()
    cover = covers_of(roster)[0]
    one, two = assignment(world, 0, cover), assignment(world, 1, cover)
    with Stepper() as stepper:
        first = stepper.start(approval(world, one), stop_at="gates.assign.before")
        again = stepper.start(approval(world, one))
        second = stepper.start(approval(world, two))
        assert again.waits() and second.waits()
        first.go_on()
        first.result()
        errors = [again.error(), second.error()]
    assert [each.code for each in errors if isinstance(each, GatesRefused)] == ["CLEARING_STATE", "NOTHING_FITS_ANY_MORE"]
    assert OwnPaymentLine.objects.filter(enrollment=cover).count() == 1
    assert sorted(HeldPayment.objects.values_list("state", flat=True)) == ["assigned", "listed"]
    assert broken() == []


def test_a_held_line_put_on_two_lists_at_once_is_on_one() -> None:
    world, roster = held_world()
    cover = covers_of(roster)[0]
    held = HeldPayment.objects.order_by("pk")
    chosen = HeldPayment.objects.filter(pk=held[0].pk)
    with Stepper() as stepper:
        first = stepper.start(lambda: clearing_of(world, chosen, "return"), stop_at="gates.write_lines.before")
        second = stepper.start(lambda: clearing_of(world, chosen, "assign", number=cover.number))
        assert second.waits()
        first.go_on()
        first.result()
        refused = second.error()
    assert isinstance(refused, GatesRefused) and refused.code == "NOTHING_HELD"
    assert Clearing.objects.count() == 1
    assert broken() == []


def test_an_assignment_beside_a_second_statement_pays_the_share_once_whichever_is_first() -> None:
    world, roster = held_world()
    cover = covers_of(roster)[0]
    clearing = assignment(world, 0, cover)
    approved_statement(world, checked_statement(world, [line_of(cover, serial="late")], reference="DZ-2"))
    with Stepper() as stepper:
        first = stepper.start(approval(world, clearing), stop_at="gates.assign.before")
        second = stepper.start(drain)
        assert second.waits()
        first.go_on()
        first.result()
        second.result()
    assert OwnPaymentLine.objects.filter(enrollment=cover).count() == 1
    assert sorted(HeldPayment.objects.values_list("kind", "state")) == [
        ("twice", "held"), ("unknown", "assigned"), ("unknown", "held"),
    ]
    assert broken() == []


def test_an_approval_beside_the_job_of_the_close_finds_the_place_lapsed_or_keeps_it() -> None:
    world, roster = held_world()
    one, two = covers_of(roster)[:2]
    today = timezone.localdate()
    periods = Period.objects.filter(pk=world.period.pk)
    periods.update(enrollment_closes_on=today + timedelta(days=1))
    # On the day of the close: the lines were paid the day before.
    after = moment(today + timedelta(days=1))
    first, second = (assignment(world, place, cover, at=after) for place, cover in enumerate((one, two)))
    approved_clearing(world, first, at=after)
    # The job of the close, as it runs on that day: it looks at today.
    periods.update(enrollment_closes_on=today)
    queue_lapses(at=timezone.now())
    with Stepper() as stepper:
        lapse = stepper.start(drain, stop_at="beneficiaries.lapse.recorded")
        periods.update(enrollment_closes_on=today + timedelta(days=1))
        late = stepper.start(approval(world, second, at=after))
        assert late.waits()
        lapse.go_on()
        lapse.result()
        refused = late.error()
    assert isinstance(refused, GatesRefused) and refused.code == "NOTHING_FITS_ANY_MORE"
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state) == ("in_force", "lapsed")
    assert broken() == []


def test_two_reversals_of_one_payment_at_once_take_each_line_back_once() -> None:
    world, roster = held_world()
    payment = paid(world, roster.enrollments.all(), amount=D("0.04"))
    with Stepper() as stepper:
        first = stepper.start(lambda: clearing_of(world, payment, "reverse"), stop_at="gates.write_lines.before")
        second = stepper.start(lambda: clearing_of(world, payment, "reverse"))
        assert second.waits()
        first.go_on()
        clearing = first.result()
        refused = second.error()
    assert isinstance(refused, GatesRefused) and refused.code == "NOTHING_TO_REVERSE"
    with Stepper() as stepper:
        one = stepper.start(approval(world, clearing), stop_at="gates.reverse.before")
        two = stepper.start(approval(world, clearing))
        assert two.waits()
        one.go_on()
        one.result()
        refused = two.error()
    assert isinstance(refused, GatesRefused) and refused.code == "CLEARING_STATE"
    assert LedgerTransaction.objects.filter(kind="unpaid").count() == 1
    assert broken() == []


def test_a_fault_at_any_point_of_a_clearing_of_many_loses_and_doubles_no_fen(monkeypatch: Any) -> None:
    monkeypatch.setattr("gates.actions.clearings.AT_ONCE", 0)
    monkeypatch.setattr("gates.actions.clearings.BATCH", 2)
    world, _roster = held_world()
    struck, k = 0, 1
    while True:
        roster = applied(world, people(3, first=100 + 10 * k))
        pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
        payment = paid(world, roster.enrollments.all(), amount=D("0.03"), reference=f"R{k}")
        clearing = approved_clearing(world, clearing_of(world, payment, "reverse"))
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        clearing.refresh_from_db()
        payment.refresh_from_db()
        assert (clearing.state, clearing.done_lines, payment.state) == ("done", 3, "reversed"), fault.seen[-1]
        assert set(roster.enrollments.values_list("state", "own_paid_at")) == {("awaiting", None)}
        booked = LedgerTransaction.objects.filter(kind="unpaid", source_id=payment.pk)
        assert sorted(booked.values_list("memo", flat=True)) == ["1", "2"], fault.seen[-1]
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 31
    assert struck > 1
    assert OwnPayment.objects.filter(state="reversed").count() == struck + 1
    assert broken() == []
