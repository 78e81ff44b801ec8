"""Cover given back within the plan's days for it: by two people, in time, every payer the whole share; not later, not in use."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from beneficiaries.actions import approve_change, propose_refund
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.keepers import Keeper, forget_keeper, register_keeper
from beneficiaries.models import Ending, Enrollment, PersonChange
from beneficiaries.shown_change import digest_of
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import Market, day_market, paid_market, person

pytestmark = pytest.mark.django_db
D = Decimal
REASON = "购买后改变主意"


@pytest.fixture
def market(db: Any) -> Market:
    return paid_market(refund_days=15)


def proposed(market: Market, cover: Enrollment, *, days: int = 0) -> PersonChange:
    return propose_refund(cover, reason=REASON, by=market.world.clerk, at=market.at + timedelta(days=days))


def code_of(refused: Any) -> str:
    return str(refused.value.code)


def test_a_cover_given_back_never_stood_and_the_whole_premium_is_owed_back(market: Market) -> None:
    cover = market.enroll(person(0))
    change = proposed(market, cover, days=15)
    cover.refresh_from_db()
    assert cover.state == "in_force"
    approve_change(change, shown=digest_of(change), by=market.world.reviewer, at=market.at + timedelta(days=20))
    cover.refresh_from_db()
    ending = Ending.objects.get()
    assert (cover.state, cover.ends_at, ending.reason) == ("ended", cover.starts_at, "refunded")
    assert timezone.localdate(cover.starts_at) - ending.ended_on == timedelta(days=1)
    assert broken() == []
    # Somebody who gave their cover back may buy another one.
    assert market.enroll(person(0), reference="P2").state == "in_force"


def test_whoever_still_waits_is_voided_and_owed_the_own_share() -> None:
    market = paid_market(refund_days=15, requires_insurer_acceptance=True)
    cover = market.enroll(person(0))
    change = proposed(market, cover)
    approve_change(change, shown=digest_of(change), by=market.world.reviewer, at=market.at)
    cover.refresh_from_db()
    assert (cover.state, Ending.objects.count()) == ("voided", 0)
    assert broken() == []


def test_nobody_approves_their_own_and_nothing_happens_before(market: Market) -> None:
    cover = market.enroll(person(0))
    change = proposed(market, cover)
    with pytest.raises(BeneficiariesRefused) as refused:
        approve_change(change, shown=digest_of(change), by=market.world.clerk, at=market.at)
    assert code_of(refused) == "OWN_CHANGE"
    cover.refresh_from_db()
    assert cover.state == "in_force"


def test_after_its_days_it_is_refused_with_the_last_day(market: Market) -> None:
    cover = market.enroll(person(0))
    until = timezone.localdate(market.at) + timedelta(days=15)
    with pytest.raises(BeneficiariesRefused) as refused:
        proposed(market, cover, days=16)
    assert (code_of(refused), refused.value.facts) == ("REFUND_LATE", {"days": 15, "day": until})


@pytest.mark.parametrize(("terms", "code"), [({}, "NO_REFUND_DAYS"), ({"refund_days": 0}, "NO_REFUND_DAYS")])
def test_a_plan_that_gives_nothing_back_says_so(terms: dict[str, int], code: str) -> None:
    market = paid_market(**terms)
    cover = market.enroll(person(0))
    with pytest.raises(BeneficiariesRefused) as refused:
        proposed(market, cover)
    assert code_of(refused) == code


def test_spans_and_ended_covers_are_not_given_back(market: Market) -> None:
    cover = market.enroll(person(0))
    change = proposed(market, cover)
    approve_change(change, shown=digest_of(change), by=market.world.reviewer, at=market.at)
    with pytest.raises(BeneficiariesRefused) as refused:
        proposed(market, cover)
    assert code_of(refused) == "NOT_REFUNDABLE"
    day = day_market(refund_days=15, world=market.world)
    day.cover(day.span(day.worker(0), 8, 20))
    with pytest.raises(BeneficiariesRefused) as refused:
        proposed(day, Enrollment.objects.get(program=day.program))
    assert code_of(refused) == "NOT_REFUNDABLE"


def test_a_cover_that_is_in_use_is_kept_also_when_it_came_into_use_after_the_proposal(market: Market) -> None:
    cover = market.enroll(person(0))
    change = proposed(market, cover)
    register_keeper(Keeper("CLAIMED", "有理赔", "e.own_share > 0"))
    try:
        for attempt in (
            lambda: approve_change(change, shown=digest_of(change), by=market.world.reviewer, at=market.at),
            lambda: proposed(market, cover),
        ):
            with pytest.raises(BeneficiariesRefused) as refused:
                attempt()
            assert (code_of(refused), refused.value.facts) == ("COVER_IN_USE", {"why": "有理赔"})
    finally:
        forget_keeper("CLAIMED")
    cover.refresh_from_db()
    assert cover.state == "in_force"


def test_the_database_wants_the_cover_of_a_refund_and_of_nothing_else(market: Market) -> None:
    cover = market.enroll(person(0))
    change = proposed(market, cover)
    for kind, named in (("refund", None), ("document", cover.pk)):
        with pytest.raises(IntegrityError), transaction.atomic():
            PersonChange.objects.filter(pk=change.pk).update(kind=kind, cover=named)
