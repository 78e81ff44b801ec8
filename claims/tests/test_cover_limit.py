"""What a plan covers in all is held when we decide: beside the limits of its terms, over all claims of a cover.

The terms of the city pay up to a million out of the catalogue and a million within it; this plan covers 500,000.00 in all.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from beneficiaries.tests.purchasing import paid_market
from claims import settlement
from claims.actions import Adjustment, deciding
from claims.actions.deciding import calculate
from claims.errors import ClaimsRefused
from claims.invariants import INVARIANTS
from claims.models import Claim, CoverUsage, Decision
from claims.testing import Ward, make_ward
from portal.verify import check

D = Decimal
OUT, IN = "out_of_catalogue", "in_catalogue"
pytestmark = pytest.mark.django_db


def _ward(cover: str = "500000.00") -> Ward:
    return make_ward(market=paid_market(pays="beijing-2025", cover_limit=D(cover)))


def _again(claim: Claim) -> Claim:
    return Claim.objects.get(pk=claim.pk)


def _broken() -> list[str]:
    return [each.name for each in INVARIANTS if check(each).rows]


def _paid(ward: Ward) -> Decimal:
    return CoverUsage.objects.get(enrollment=ward.cover).paid


def test_one_claim_is_paid_what_the_plan_covers() -> None:
    ward = _ward()
    claim = ward.claim((OUT, "1400000.00"))
    decision = ward.decide(claim)
    assert (decision.outcome, decision.proposed, decision.amount) == ("pay", D("500000.00"), D("500000.00"))
    assert (decision.used[f"paid:{OUT}"], decision.burden["ours"]) == ("500000.00", "500000.00")
    assert [(each["code"], each["responsibility"]) for each in decision.refusals] == []
    assert (_paid(ward), claim.payables.get().amount) == (D("500000.00"), D("500000.00"))


def test_responsibilities_share_it_in_the_plans_order() -> None:
    ward = _ward()
    # 80 % of 369,596.00 above 30,404.00 within the catalogue, then 70 % of 385,000.00 outside of it, of which 204,323.20 are left.
    decision = ward.decide(ward.claim((OUT, "400000.00"), ("self_pay", "400000.00")))
    assert {line.responsibility: (line.proposed, line.amount) for line in decision.lines.all()} == {
        IN: (D("295676.80"), D("295676.80")), OUT: (D("204323.20"), D("204323.20")),
    }
    assert decision.amount == D("500000.00")


def test_the_second_claim_has_what_the_first_left_and_the_third_nothing() -> None:
    ward = _ward()
    assert ward.decide(ward.claim((OUT, "600000.00"))).amount == D("409500.00")
    second = ward.claim((OUT, "200000.00"), number="0000000002", diagnosis="I21.9")
    assert calculate(second, by=ward.clerk).amount == D("90500.00")
    assert ward.decide(second).amount == D("90500.00")
    third = ward.decide(ward.claim(("self_pay", "100000.00"), number="0000000003", diagnosis="I22.9"))
    assert (third.outcome, third.amount, third.refusals) == (
        "zero", D("0.00"), [{"code": "COVER_LIMIT", "place": "", "reason": "", "responsibility": IN}],
    )
    assert (_paid(ward), _broken()) == (D("500000.00"), [])


def test_a_person_sets_no_more_than_is_left() -> None:
    ward = _ward()
    ward.decide(ward.claim((OUT, "600000.00")))
    claim = ward.claim((OUT, "200000.00"), number="0000000002", diagnosis="I21.9")
    with pytest.raises(ClaimsRefused) as refused:
        ward.propose(claim, adjustments={OUT: Adjustment(D("90500.01"), "agreement", "协议让步")})
    assert (refused.value.code, refused.value.facts) == ("COVER_LIMIT", {"limit": "500,000.00", "left": "90,500.00"})
    assert str(refused.value) == "方案总保额为500,000.00元，本赔案最多还可赔付90,500.00元。"
    assert Decision.objects.filter(claim=claim).count() == 0
    assert ward.decide(claim, adjustments={OUT: Adjustment(D("90000.00"), "agreement", "协议让步")}).amount == D("90000.00")


def test_a_claim_that_is_reopened_has_its_own_sum_to_use_again() -> None:
    ward = _ward()
    claim = ward.claim((OUT, "600000.00"))
    ward.decide(claim)
    ward.pay(claim)
    assert ward.decide_anew(claim, (OUT, "700000.00")).amount == D("479500.00")
    ward.pay(claim)
    assert ward.decide_anew(_again(claim), (OUT, "900000.00"), number="0000000092").amount == D("500000.00")
    assert _paid(ward) == D("500000.00")


def test_a_later_claim_gives_back_what_an_earlier_one_takes() -> None:
    ward = _ward()
    first = ward.claim((OUT, "300000.00"))
    second = ward.claim((OUT, "400000.00"), number="0000000002", diagnosis="I21.9")
    assert (ward.decide(first).amount, ward.decide(second).amount) == (D("199500.00"), D("280000.00"))
    ward.pay(first)
    ward.pay(second)
    decision = ward.decide_anew(first, (OUT, "400000.00"))
    assert decision.amount == D("269500.00")
    assert decision.effects == [{"claim": second.pk, "before": "280000.00", "after": "230500.00"}]
    assert list(second.payables.order_by("pk").values_list("kind", "state", "amount")) == [
        ("payout", "paid", D("280000.00")), ("reclaim", "open", D("49500.00")),
    ]
    assert (_paid(ward), _broken()) == (D("500000.00"), [])


def test_a_later_claim_that_a_person_adjusted_is_to_be_reopened_where_the_cover_no_longer_suffices() -> None:
    ward = _ward()
    first = ward.claim((OUT, "300000.00"))
    second = ward.claim((OUT, "400000.00"), number="0000000002", diagnosis="I21.9")
    ward.decide(first)
    ward.pay(first)
    ward.decide(second, adjustments={OUT: Adjustment(D("290000.00"), "agreement", "协议让步")})
    with pytest.raises(ClaimsRefused) as refused:
        ward.decide_anew(first, (OUT, "400000.00"))
    assert (refused.value.code, refused.value.facts) == ("LATER_ADJUSTED", {"number": second.number})


def test_a_decision_calculated_without_the_limit_is_not_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    ward = _ward()
    with monkeypatch.context() as before:
        before.setattr(settlement, "within_cover", lambda decision, *_args, **_given: decision)
        before.setattr(deciding, "refuse_beyond_cover", lambda *_args: None)
        decision = ward.propose(ward.claim((OUT, "1400000.00")))
    assert decision.amount == D("969500.00")
    with pytest.raises(ClaimsRefused) as refused:
        ward.sign(decision)
    assert (refused.value.code, refused.value.facts) == ("COVER_LIMIT", {"limit": "500,000.00", "left": "500,000.00"})
    assert (Decision.objects.get().state, decision.claim.payables.count()) == ("proposed", 0)
