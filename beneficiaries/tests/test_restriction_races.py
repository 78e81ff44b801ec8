"""A restriction that comes while somebody is being covered: wholly before or after, never in between."""

from __future__ import annotations

import pytest
from django.utils import timezone

from audit.testing import Stepper
from beneficiaries.actions import restrict_person
from beneficiaries.models import Person
from beneficiaries.tests.purchasing import Market, day_market
from programs.models import LedgerTransaction


def restricted(market: Market, worker: int) -> int:
    return restrict_person(
        Person.objects.get(pk=worker), organization=market.world.office, by=market.world.reviewer, at=timezone.now()
    )


@pytest.mark.django_db(transaction=True)
def test_a_restriction_waits_for_a_span_that_is_being_covered_and_then_nothing_new_comes() -> None:
    market = day_market()
    worker = market.worker()
    with Stepper() as stepper:
        covering = stepper.start(
            lambda: market.cover(market.span(worker, 8, 20)), stop_at="programs.reserve.locked"
        )
        restricting = stepper.start(lambda: restricted(market, worker))
        assert restricting.waits()
        covering.go_on()
        assert (covering.result().people, restricting.result()) == (1, 1)
    purchase = market.cover(market.span(worker, 30, 40), reference="R2")
    assert purchase.refused == [[1, "NOT_PROCESSED", ""]]
    assert LedgerTransaction.objects.filter(kind="use").count() == 1
