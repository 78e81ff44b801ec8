"""A cover given back never stood: take-up does not count it, and whoever buys again counts once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from beneficiaries.actions import approve_change, propose_refund
from beneficiaries.models import DayStanding, Enrollment
from beneficiaries.shown_change import digest_of
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import Market, paid_market, person
from takeup.progress import taken_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(db: Any) -> Market:
    return paid_market(refund_days=15)


def given_back(market: Market, cover: Enrollment) -> None:
    change = propose_refund(cover, reason="购买后改变主意", by=market.world.clerk, at=market.at)
    approve_change(change, shown=digest_of(change), by=market.world.reviewer, at=market.at)


def enrolled(market: Market, user: User) -> int | None:
    return taken_up(market.period, user, today=timezone.localdate()).total.now


def of_a_town(market: Market) -> User:
    """Reaches less than a county, where the counts are blind."""
    return make_user("hy-town", organization=market.world.office, role="clerk", region_prefix="441602001")


def bought(market: Market, reference: str) -> Enrollment:
    cover = market.enroll(person(0), reference=reference)
    Enrollment.objects.filter(pk=cover.pk).update(region_code="441602001")
    return cover


def test_a_cover_given_back_counts_nobody_and_whoever_buys_again_counts_once(market: Market) -> None:
    readers = (market.world.reviewer, of_a_town(market))
    given_back(market, bought(market, "P1"))
    assert [enrolled(market, reader) for reader in readers] == [0, 0]
    bought(market, "P2")
    assert [enrolled(market, reader) for reader in readers] == [1, 1]
    assert broken() == []


def test_a_cover_that_ended_after_it_began_stood_and_counts(market: Market) -> None:
    cover = market.enroll(person(0))
    Enrollment.objects.filter(pk=cover.pk).update(state="ended", ends_at=cover.starts_at + timedelta(days=1))
    assert enrolled(market, market.world.reviewer) == 1
    Enrollment.objects.filter(pk=cover.pk).update(ends_at=cover.starts_at)
    assert enrolled(market, market.world.reviewer) == 0
    assert sum(DayStanding.objects.filter(period=market.period).values_list("people", flat=True)) == 0
