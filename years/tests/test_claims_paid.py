"""A review's claims are what the portal paid and what insurers report, on covers of its period."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from audit.testing import shared
from claims.actions import confirm_recovery
from claims.models import Payable
from claims.testing import Ward, make_ward
from programs.models import Period
from programs.period_claims import claims_paid, register_claims_paid
from programs.testing import expecting
from results.testing import Payouts, line, payouts, recorded, undone
from years.actions import draw_up_review
from years.reviewing import lines_of

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> tuple[Payouts, Ward]:
    """A market with an insurer who reports, and one who is covered and claims here; three more are covered."""
    world = payouts(people=0, premium=D("150.00"))
    ward = make_ward(market=world.market)
    for number in (1, 2, 3):
        ward.insure(number)
    expecting(world.market.plan, people=4, premium=D("600.00"), claims=D("50001.00"))
    return world, ward


_django_db_helper, one_world, kept_world = shared(made)


def reviewed(world: Payouts) -> dict[str, tuple[str, str, str, str]]:
    """Figures of a review that is drawn up today, by title."""
    period = Period.objects.get(pk=world.market.period.pk)
    today = timezone.localdate()
    Period.objects.filter(pk=period.pk).update(ends_on=today, enrollment_closes_on=today)
    review = draw_up_review(period, by=world.market.world.finance_maker, at=timezone.now())
    return {each.title: (each.expected, each.actual, each.difference, each.share) for each in lines_of(review.figures)}


def paid_here(ward: Ward) -> None:
    """A claim of 60,000.00 outside of the catalogue: 24,000.00."""
    claim = ward.claim()
    ward.decide(claim)
    ward.pay(claim)


def test_claims_of_a_review_are_those_paid_here_and_those_reported(kept_world: tuple[Payouts, Ward]) -> None:
    world, ward = kept_world
    paid_here(ward)
    recorded(world, [line(world, 1, "J1", paid="1000.50"), line(world, 2, "J2", paid="70.00", bank_result="退票")])
    found = reviewed(world)
    assert found["净保费"] == ("600.00", "600.00", "+0.00", "100.00%")
    assert found["已付赔款"] == ("50,001.00", "25,000.50", "-25,000.50", "50.00%")
    assert found["赔付率"] == ("8333.50%", "4166.75%", "-4,166.75", "50.00%")


def test_what_is_not_paid_counts_nothing_and_what_came_back_counts_off(kept_world: tuple[Payouts, Ward]) -> None:
    _world, ward = kept_world
    period = ward.market.period.pk
    assert claims_paid(period) is None
    claim = ward.claim()
    ward.decide(claim)
    assert claims_paid(period) == D("0.00")
    ward.pay(claim)
    ward.decide_anew(claim, ("out_of_catalogue", "30000.00"))
    owed = Payable.objects.get(claim=claim, kind="reclaim")
    assert (owed.amount, claims_paid(period)) == (D("18000.00"), D("24000.00"))
    confirm_recovery(ward.received(owed, "10000.00"), by=ward.third, at=ward.at)
    assert claims_paid(period) == D("14000.00")


def test_a_report_that_is_undone_is_not_known_any_more(kept_world: tuple[Payouts, Ward]) -> None:
    world, _ward = kept_world
    report = recorded(world, [line(world, 1, "J1", paid="1000.50")])
    assert claims_paid(world.market.period.pk) == D("1000.50")
    undone(world, report)
    assert claims_paid(world.market.period.pk) is None


def test_a_statement_names_its_period() -> None:
    with pytest.raises(ValueError, match="the statement names its period"):
        register_claims_paid("SELECT 1")
