"""What a claim does to its cover: it is not given back while one stands, and a paid one ends the years without a claim."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit.testing import shared
from beneficiaries.actions import Payment, propose_refund
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Enrollment
from beneficiaries.tests.purchasing import paid_market, person
from claims import actions
from claims.models import Claim
from claims.testing import Ward, make_ward
from continuity.counting import years_of
from continuity.testing import bought, year_of
from programs.actions.plans import REFUND_DAYS, usual_terms
from programs.models import Program

pytestmark = pytest.mark.django_db


def made() -> Ward:
    """A ward whose plan gives covers back within the usual days."""
    return make_ward(market=paid_market(pays="beijing-2025", refund_days=REFUND_DAYS))


_django_db_helper, one_world, kept_world = shared(made)


def new(ward: Ward) -> Enrollment:
    """A cover bought five days ago, in force since four."""
    at = ward.at - timedelta(days=5)
    found = ward.market.enroll(person(30), reference="P30", at=at, payment=Payment("pay-P30", at, Decimal("150.00")))
    return Enrollment.objects.get(pk=found.pk)


def refund(ward: Ward, cover: Enrollment) -> Any:
    return propose_refund(cover, reason="不想要了", by=ward.market.world.clerk, at=ward.at)


def test_covers_of_a_citys_plan_are_given_back_within_fifteen_days_unless_it_says_otherwise() -> None:
    assert usual_terms(Program.Kind.SUPPLEMENTARY).columns["refund_days"] == 15


def test_a_cover_with_a_reported_claim_is_not_given_back(kept_world: Ward) -> None:
    cover = new(kept_world)
    kept_world.report(cover)
    with pytest.raises(BeneficiariesRefused) as refused:
        refund(kept_world, cover)
    assert refused.value.code == "COVER_IN_USE"
    assert str(refused.value) == "该保障已使用，不能退保：该保障已有赔案：保障及款项保留"


def test_a_cover_whose_claim_was_withdrawn_is_given_back(kept_world: Ward) -> None:
    cover = new(kept_world)
    claim = kept_world.report(cover).claims.get()
    actions.withdraw_claim(claim, reason="不再申请", by=kept_world.clerk, at=kept_world.at)
    assert refund(kept_world, cover).cover_id == cover.pk


def test_a_claim_of_ours_that_pays_ends_the_years_without_one(kept_world: Ward) -> None:
    first, second = (bought(kept_world.market, year_of(kept_world.market, kept_world.today.year + n), number=40) for n in (0, 1))
    claim = kept_world.reviewed(case_of(kept_world, first))[0]
    before = years_of([second.pk])[second.pk]
    assert (before.continuity, before.claim_free) == (1, 1)
    kept_world.decide(claim)
    assert Claim.objects.get(pk=claim.pk).amount == Decimal("31500.00")
    after = years_of([second.pk])[second.pk]
    assert (after.continuity, after.claim_free) == (1, 0)


def case_of(ward: Ward, cover: Enrollment) -> Any:
    """An event of three days ago with a bill of 60,000.00."""
    case = ward.report(cover)
    ward.bill(case)
    return case
