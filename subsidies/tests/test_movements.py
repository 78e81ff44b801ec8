"""Movements of funds: tranches, the oldest request first, what is held, written off, paid back, reversed; to the fen, by two."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.testing import World, applied, make_world, people
from portal.verify import check_all
from programs.models import Budget, LedgerTransaction
from programs.testing import make_budget
from subsidies import actions
from subsidies.errors import SubsidyRefused
from subsidies.models import FundAllocation, FundMovement, FundRequest
from subsidies.testing import confirmed, funds, receipt, received, reversed_one, sent, undone

pytestmark = pytest.mark.django_db
D = Decimal


def make() -> tuple[World, FundRequest, FundRequest]:
    """Two requests to the foundation: 137.98 of two people, then 68.99 of one."""
    world = make_world()
    applied(world, people(2))
    first = sent(world)
    applied(world, people(1, first=10))
    return world, first, sent(world)


_django_db_helper, one_world, kept_world = shared(make)


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def refused(code: str, act: Any) -> SubsidyRefused:
    with pytest.raises(SubsidyRefused) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def standing(*requests: FundRequest) -> list[tuple[str, Decimal]]:
    return [(each.state, each.open_amount) for each in (FundRequest.objects.get(pk=each.pk) for each in requests)]


def settled(world: World) -> Decimal:
    return Budget.objects.get(funder=world.foundation).settled


def test_nothing_moves_before_another_person_confirms(kept_world: Any) -> None:
    world, first, second = kept_world
    movement = receipt(world, "137.98")
    assert (funds(world.foundation), standing(first, second)[0]) == ({"receivable": D("206.97")}, ("sent", D("137.98")))
    refused("OUT_OF_SCOPE", lambda: actions.confirm_movement(movement, by=world.finance_maker, at=timezone.now()))
    with pytest.raises(IntegrityError, match="fund_movement_decided_by_another"), transaction.atomic():
        FundMovement.objects.filter(pk=movement.pk).update(
            state="confirmed", decided_by=world.finance_maker, decided_at=timezone.now()
        )
    confirmed(world, movement)
    assert standing(first, second) == [("settled", D("0.00")), ("sent", D("68.99"))]
    assert funds(world.foundation) == {"receivable": D("68.99"), "received": D("137.98")}
    assert settled(world) == D("137.98")
    booked = LedgerTransaction.objects.get(kind="funds")
    assert (booked.source_type, booked.source_id, booked.memo) == ("subsidies.fundmovement", movement.pk, "R1")
    event = Event.objects.get(verb="funds.movement_confirmed")
    assert (event.actor_id, event.data) == (
        world.finance_checker.pk, {"kind": "receipt", "amount": "137.98", "held": "0.00"}
    )
    refused("MOVEMENT_DECIDED", lambda: confirmed(world, movement))
    assert broken() == []


def test_tranches_go_to_the_oldest_request_first_and_to_the_one_that_is_named(kept_world: Any) -> None:
    world, first, second = kept_world
    received(world, "100.00")
    assert standing(first, second) == [("sent", D("37.98")), ("sent", D("68.99"))]
    received(world, "50.00", reference="R2", request=second)
    assert standing(first, second) == [("sent", D("37.98")), ("sent", D("18.99"))]
    received(world, "50.00", reference="R3", request=second)
    assert standing(first, second) == [("sent", D("6.97")), ("settled", D("0.00"))]
    received(world, "6.97", reference="R4")
    assert standing(first, second) == [("settled", D("0.00")), ("settled", D("0.00"))]
    assert funds(world.foundation) == {"received": D("206.97")}
    assert [str(each) for each in FundAllocation.objects.order_by("pk").values_list("amount", flat=True)] == [
        "100.00", "50.00", "31.01", "18.99", "6.97",
    ]
    assert settled(world) == D("206.97")
    assert broken() == []


def test_what_comes_in_above_all_requests_is_held_and_goes_onto_the_next_one(kept_world: Any) -> None:
    world, first, second = kept_world
    movement = received(world, "250.00")
    assert (movement.held, standing(first, second)[1]) == (D("43.03"), ("settled", D("0.00")))
    assert funds(world.foundation) == {"received": D("250.00"), "credit": D("-43.03")}
    assert settled(world) == D("206.97")
    applied(world, people(1, first=20))
    third = sent(world)
    assert (third.allocated, third.open_amount) == (D("43.03"), D("25.96"))
    assert funds(world.foundation) == {"received": D("250.00"), "receivable": D("25.96")}
    assert settled(world) == D("250.00")
    assert broken() == []


def test_what_is_held_can_be_paid_back_once(kept_world: Any) -> None:
    world, _first, _second = kept_world
    received(world, "250.00")
    given: dict[str, Any] = {
        "program": world.program, "paid_on": timezone.localdate(), "by": world.finance_maker, "at": timezone.now(),
    }
    short = refused("MORE_THAN_HELD", lambda: actions.record_payback(world.foundation, amount=D("43.04"), reference="B0", **given))
    assert short.facts == {"held": D("43.03")}
    one = actions.record_payback(world.foundation, amount=D("43.03"), reference="B1", **given)
    two = actions.record_payback(world.foundation, amount=D("0.01"), reference="B2", **given)
    confirmed(world, one)
    refused("MORE_THAN_HELD", lambda: confirmed(world, two))
    assert funds(world.foundation) == {"received": D("206.97")}
    reversed_one(world, one)
    assert funds(world.foundation) == {"received": D("250.00"), "credit": D("-43.03")}
    assert broken() == []


def test_the_rest_is_written_off_by_two_and_settles_the_request(kept_world: Any) -> None:
    world, first, second = kept_world
    received(world, "100.00")
    first.refresh_from_db()
    given: dict[str, Any] = {"by": world.finance_maker, "at": timezone.now()}
    refused("MORE_THAN_OPEN", lambda: actions.record_write_off(first, amount=D("37.99"), reason="不再拨付", **given))
    refused("REASON", lambda: actions.record_write_off(first, amount=D("37.98"), reason="", **given))
    off = actions.record_write_off(first, amount=D("37.98"), reason="不再拨付", **given)
    confirmed(world, off)
    assert standing(first, second) == [("settled", D("0.00")), ("sent", D("68.99"))]
    assert funds(world.foundation) == {"receivable": D("68.99"), "received": D("100.00"), "written_off": D("37.98")}
    assert settled(world) == D("100.00")
    reversed_one(world, off)
    assert standing(first, second) == [("sent", D("37.98")), ("sent", D("68.99"))]
    assert broken() == []


def test_a_wrong_receipt_is_reversed_by_two_and_its_reference_is_free_again(kept_world: Any) -> None:
    world, first, second = kept_world
    wrong = received(world, "150.00")
    at = timezone.now()
    refused("REFERENCE_TAKEN", lambda: receipt(world, "15.00"))
    asked = actions.record_reversal(wrong, reason="多录一位", by=world.finance_maker, at=at)
    refused("REVERSED_ALREADY", lambda: actions.record_reversal(wrong, reason="再来", by=world.finance_maker, at=at))
    assert standing(first, second) == [("settled", D("0.00")), ("sent", D("56.97"))]
    confirmed(world, asked)
    assert standing(first, second) == [("sent", D("137.98")), ("sent", D("68.99"))]
    assert funds(world.foundation) == {"receivable": D("206.97")}
    assert settled(world) == D("0.00")
    assert FundMovement.objects.get(pk=wrong.pk).state == "reversed"
    received(world, "15.00")
    assert standing(first, second) == [("sent", D("122.98")), ("sent", D("68.99"))]
    wrong.refresh_from_db()
    refused("NOT_CONFIRMED", lambda: actions.record_reversal(wrong, reason="x", by=world.finance_maker, at=at))
    assert broken() == []


def test_what_is_held_goes_first_when_a_receipt_is_reversed(kept_world: Any) -> None:
    world, first, second = kept_world
    wrong = received(world, "206.97")
    received(world, "43.03", reference="R2")
    reversed_one(world, wrong)
    assert standing(first, second) == [("sent", D("94.95")), ("sent", D("68.99"))]
    assert funds(world.foundation) == {"receivable": D("163.94"), "received": D("43.03")}
    assert broken() == []


def test_a_receipt_whose_money_was_paid_back_cannot_be_reversed_first(kept_world: Any) -> None:
    world, first, _second = kept_world
    wrong = received(world, "206.97")
    undone(world, first.lines.earliest("pk").enrollment.roster)
    assert sent(world).amount == D("-137.98")
    back = actions.record_payback(
        world.foundation, program=world.program, amount=D("137.98"), reference="B1", paid_on=timezone.localdate(),
        by=world.finance_maker, at=timezone.now(),
    )
    confirmed(world, back)
    asked = actions.record_reversal(wrong, reason="录错", by=world.finance_maker, at=timezone.now())
    refused("SPENT", lambda: confirmed(world, asked))
    assert funds(world.foundation) == {"received": D("68.99")}
    assert settled(world) == D("68.99")
    assert broken() == []


def test_settled_money_stands_on_each_tranche_of_the_budget_as_far_as_it_is_used(kept_world: Any) -> None:
    world, _first, _second = kept_world
    make_budget(
        world.foundation, period=world.period, granted=D("500.00"), label="第二批", maker=world.finance_maker,
        checker=world.finance_checker, at=timezone.now(),
    )
    Budget.objects.filter(funder=world.foundation, label="第一批").update(used=D("100.00"))
    Budget.objects.filter(funder=world.foundation, label="第二批").update(used=D("106.97"))
    movement = received(world, "206.97")
    by_label = dict(Budget.objects.filter(funder=world.foundation).values_list("label", "settled"))
    assert by_label == {"第一批": D("100.00"), "第二批": D("106.97")}
    reversed_one(world, movement)
    assert set(Budget.objects.filter(funder=world.foundation).values_list("settled", flat=True)) == {D("0.00")}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": D("0.00")}, "AMOUNT_ABOVE_ZERO"), ({"amount": D("1.005")}, "AMOUNT_ABOVE_ZERO"),
        ({"reference": " "}, "REFERENCE"), ({"reference": "441602196203151219"}, "REFERENCE"),
        ({"received_on": timezone.localdate() + timedelta(days=1)}, "MOVED_LATER"),
    ],
)
def test_what_does_not_fit_is_refused_whole(kept_world: Any, changes: Any, code: str) -> None:
    world, _first, _second = kept_world
    values: dict[str, Any] = {
        "program": world.program, "amount": D("1.00"), "reference": "R1", "received_on": timezone.localdate(),
        "by": world.finance_maker, "at": timezone.now(), **changes,
    }
    refused(code, lambda: actions.record_receipt(world.foundation, **values))
    assert FundMovement.objects.count() == 0


def test_a_declined_movement_books_nothing(kept_world: Any) -> None:
    world, first, _second = kept_world
    movement = receipt(world, "137.98")
    given: dict[str, Any] = {"by": world.finance_checker, "at": timezone.now()}
    refused("REASON", lambda: actions.decline_movement(movement, reason="", **given))
    actions.decline_movement(movement, reason="流水号不符", **given)
    refused("MOVEMENT_DECIDED", lambda: confirmed(world, movement))
    assert (funds(world.foundation), standing(first)) == ({"receivable": D("206.97")}, [("sent", D("137.98"))])
    received(world, "137.98")


def test_the_database_keeps_what_was_recorded(kept_world: Any) -> None:
    world, first, _second = kept_world
    movement = received(world, "100.00")
    for change in (
        lambda: FundMovement.objects.filter(pk=movement.pk).update(amount=D("99.00")), lambda: movement.delete(),
        lambda: FundAllocation.objects.update(amount=D("99.00")), lambda: FundAllocation.objects.all().delete(),
        lambda: FundRequest.objects.filter(pk=first.pk).update(amount=D("1.00")),
        lambda: FundRequest.objects.filter(pk=first.pk).update(allocated=D("137.99")),
        lambda: first.lines.update(share=D("1.00"), amount=D("1.00")), lambda: first.lines.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
