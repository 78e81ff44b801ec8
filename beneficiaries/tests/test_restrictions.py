"""People whose data an office only keeps: no span, purchase or proposal, nothing of it in other offices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import lift_restriction, register_person, restrict_person
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.models import Beneficiary, Enrollment, Person
from beneficiaries.restricting import known_to
from beneficiaries.tests.purchasing import Market, day_market, person

_django_db_helper, one_world, kept_world = shared(day_market)


def restricted(market: Market, worker: int) -> int:
    return restrict_person(
        Person.objects.get(pk=worker), organization=market.world.office, by=market.world.reviewer, at=timezone.now()
    )


@pytest.mark.django_db
def test_a_span_of_a_restricted_worker_is_refused_in_neutral_words_and_the_others_are_covered(kept_world: Market) -> None:
    market = kept_world
    one, other = market.worker(0), market.worker(1)
    assert restricted(market, one) == 1
    purchase = market.cover(market.span(one, 8, 20), market.span(other, 8, 20))
    assert (purchase.refused, purchase.people, purchase.premium) == ([[1, "NOT_PROCESSED", ""]], 1, Decimal("3.00"))
    assert not Enrollment.objects.filter(person=one).exists()
    with pytest.raises(ApplicantRefused) as refused:
        register_person(
            person(0, phone="13900139000"), period=market.period, organization=market.world.office, by=market.world.clerk,
            at=market.at,
        )
    assert [code for _column, code, _masked, _extra in refused.value.findings] == ["NOT_PROCESSED"]
    assert "个人信息保护负责人" in str(refused.value)


@pytest.mark.django_db
def test_another_office_works_with_the_same_person_and_learns_nothing(kept_world: Market) -> None:
    market = kept_world
    worker = market.worker()
    elsewhere = Beneficiary.objects.get(person=worker)
    elsewhere.pk, elsewhere.organization = None, market.world.sibling
    elsewhere.save(force_insert=True)
    assert restricted(market, worker) == 1
    assert list(Beneficiary.objects.free().filter(person=worker)) == [elsewhere]
    known = known_to(Person.objects.get(pk=worker), market.world.city)
    assert known.count() == 2
    told = Event.objects.filter(verb="person.restricted")
    assert set(told.values_list("organization_id", flat=True)) == {market.world.office.pk}
    # The city above restricts what is left, and lifts both.
    given: dict[str, Any] = {"organization": market.world.city, "by": market.world.reviewer, "at": timezone.now()}
    assert restrict_person(Person.objects.get(pk=worker), **given) == 1
    assert lift_restriction(Person.objects.get(pk=worker), **given) == 2
    with pytest.raises(BeneficiariesRefused) as refused:
        lift_restriction(Person.objects.get(pk=worker), **given)
    assert refused.value.code == "NOT_RESTRICTED"
