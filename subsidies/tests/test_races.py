"""Two at once: receipts for one request, one confirmed twice, a request beside an undo; and a long list killed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP, Stepper
from beneficiaries.actions import approve_undo, request_undo
from beneficiaries.models import Roster
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.outcomes import LOST, recover
from jobs.testing import drain, drain_through_failures
from portal.verify import check_all
from programs.models import Budget
from subsidies import actions
from subsidies.errors import SubsidyRefused
from subsidies.models import FundMovement, FundRequest
from subsidies.testing import confirmed, funds, made, receipt, sent

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def confirmation(world: World, movement: FundMovement) -> Callable[[], Any]:
    return lambda: confirmed(world, FundMovement.objects.get(pk=movement.pk))


def test_two_receipts_at_once_for_one_request_never_bring_it_above_its_amount_and_a_double_click_books_once() -> None:
    world = make_world()
    applied(world, people(2))
    request = sent(world)
    one, two = receipt(world, "100.00"), receipt(world, "100.00", reference="R2")
    with Stepper() as stepper:
        first = stepper.start(confirmation(world, one), stop_at="subsidies.allocate.before")
        second = stepper.start(confirmation(world, two))
        again = stepper.start(confirmation(world, one))
        assert second.waits()
        first.go_on()
        first.result()
        second.result()
        refused = again.error()
    assert isinstance(refused, SubsidyRefused) and refused.code == "MOVEMENT_DECIDED"
    request.refresh_from_db()
    assert (request.state, request.allocated) == ("settled", D("137.98"))
    assert funds(world.foundation) == {"received": D("200.00"), "credit": D("-62.02")}
    assert broken() == []


def test_a_request_beside_an_undo_asks_and_the_next_one_takes_off_whichever_is_first() -> None:
    world = make_world()
    roster = applied(world, people(2))
    request = made(world)
    request = actions.submit_request(request, by=world.finance_maker, at=timezone.now())
    request_undo(roster, reason="重复导入", by=world.clerk, at=timezone.now())
    approve_undo(Roster.objects.get(pk=roster.pk), by=world.reviewer, at=timezone.now())
    with Stepper() as stepper:
        undo = stepper.start(drain, stop_at="programs.give_back_used.before")
        approval = stepper.start(
            lambda: actions.approve_request(request, digest=request.digest, by=world.finance_checker, at=timezone.now())
        )
        approval.result()
        undo.go_on()
        undo.result()
    assert funds(world.foundation) == {}
    back = sent(world)
    assert (back.amount, back.state) == (D("-137.98"), "settled")
    request.refresh_from_db()
    assert (request.state, Budget.objects.get(funder=world.foundation).settled) == ("settled", D("0.00"))
    assert broken() == []


def test_a_fault_at_any_point_of_a_long_list_loses_and_doubles_no_line(monkeypatch: Any) -> None:
    monkeypatch.setattr("subsidies.asking.BATCH", 2)
    monkeypatch.setattr("subsidies.actions.requests.AT_ONCE", 0)
    world = make_world()
    applied(world, people(3))
    struck, k = 0, 1
    while True:
        request = made(world)
        assert (request.state, request.lines.count()) == ("making", 0)
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        request.refresh_from_db()
        assert (request.state, request.people, request.amount) == ("draft", 3, D("206.97")), fault.seen[-1]
        assert request.lines.count() == 3
        assert Event.objects.filter(verb="funds.request_made", subject_id=str(request.pk)).count() == 1
        actions.withdraw_request(request, reason="再来一次", by=world.finance_maker, at=timezone.now())
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 7
    assert struck > 2
    # Withdrawn while its job waits: nothing is put on it any more.
    request = made(world)
    actions.withdraw_request(request, reason="不要了", by=world.finance_maker, at=timezone.now())
    drain()
    assert (FundRequest.objects.get(pk=request.pk).state, request.lines.count()) == ("withdrawn", 0)
    assert broken() == []
