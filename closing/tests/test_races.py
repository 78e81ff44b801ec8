"""A posting and the drawing up of its month at the same instant: it is in the figures, or in the next month."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from audit.testing import Stepper
from beneficiaries.testing import World, make_world
from closing.invariants import INVARIANTS as CLOSING
from closing.models import ClosedBalance
from closing.testing import drawn, this_month
from closing.tests.test_months import book
from portal.verify import check
from programs.invariants import INVARIANTS as PROGRAMS
from programs.models import LedgerTransaction
from programs.models.books import month_after

pytestmark = pytest.mark.django_db(transaction=True)


def own_received(world: World) -> list[Decimal]:
    """What the closings of the month kept of own shares."""
    return list(ClosedBalance.objects.filter(kind="own_received").order_by("pk").values_list("debits", flat=True))


def test_a_posting_under_way_is_waited_for_and_counted_and_a_later_one_waits_and_falls_into_the_next_month() -> None:
    world = make_world()
    with Stepper() as stepper:
        posting = stepper.start(lambda: book(world, "1.00"), stop_at="programs.post.booked")
        drawing = stepper.start(lambda: drawn(world))
        assert drawing.waits()
        posting.go_on()
        posting.result(), drawing.result()
    assert own_received(world) == [Decimal("1.00")]
    assert set(LedgerTransaction.objects.values_list("booked_on", flat=True)) == {timezone.localdate()}
    assert [each.name for each in (*CLOSING, *PROGRAMS) if check(each).rows] == []


def test_a_posting_that_comes_while_its_month_is_drawn_up_waits_and_falls_into_the_next_month() -> None:
    world = make_world()
    book(world, "1.00")
    with Stepper() as stepper:
        drawing = stepper.start(lambda: drawn(world), stop_at="closing.draw_up.held")
        posting = stepper.start(lambda: book(world, "2.00"))
        assert posting.waits()
        drawing.go_on()
        drawing.result(), posting.result()
    assert own_received(world) == [Decimal("1.00")]
    assert LedgerTransaction.objects.latest("pk").booked_on == month_after(this_month())
    assert [each.name for each in (*CLOSING, *PROGRAMS) if check(each).rows] == []
