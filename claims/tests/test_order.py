"""In which order covers pay for one event: proposed by their kinds, changed by a person, and what that makes of the sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from beneficiaries.tests.purchasing import paid_market
from claims import actions
from claims.errors import ClaimsRefused
from claims.models import Claim
from claims.rules.order import payment_order
from claims.testing import bought, make_ward

D = Decimal


@dataclass(frozen=True)
class Cover:
    """What the order looks at."""

    kind: str
    day: int
    pk: int

    @property
    def program(self) -> SimpleNamespace:
        return SimpleNamespace(kind=self.kind)

    @property
    def starts_at(self) -> datetime:
        return datetime(2026, 1, self.day, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(("covers", "order"), [
    ([("hardship", 1, 1), ("supplementary", 2, 2), ("day_cover", 3, 3)], [3, 2, 1]),
    ([("supplementary", 5, 1), ("supplementary", 1, 2)], [2, 1]),
    ([("supplementary", 1, 9), ("supplementary", 1, 4)], [4, 9]),
    ([("day_cover", 9, 1), ("hardship", 1, 2), ("day_cover", 2, 3), ("supplementary", 1, 4)], [3, 1, 4, 2]),
    ([("hardship", 1, 1)], [1]), ([], []),
])
def test_day_cover_pays_before_what_people_buy_and_that_before_what_is_given(
    covers: list[tuple[str, int, int]], order: list[int]
) -> None:
    assert [cover.pk for cover in payment_order(Cover(*each) for each in covers)] == order


@pytest.mark.django_db
def test_a_person_changes_the_order_and_the_first_payer_is_another() -> None:
    ward = make_ward()
    second = bought(paid_market(code="ZWEI", world=ward.market.world, pays="beijing-2025"))
    case = ward.report(ward.cover, second)
    ward.bill(case)
    claims = ward.reviewed(case)
    wanted = [claims[1].pk, claims[0].pk]
    given = {"by": ward.clerk, "at": ward.at}
    with pytest.raises(ClaimsRefused) as unsaid:
        actions.order_payers(case, wanted, reason="", **given)
    with pytest.raises(ClaimsRefused) as part:
        actions.order_payers(case, wanted[:1], reason="共保约定", **given)
    assert (unsaid.value.code, part.value.code) == ("REASON", "STALE")
    actions.order_payers(case, wanted, reason="共保约定", **given)
    first, then = [Claim.objects.get(pk=number) for number in wanted]
    assert (first.position, then.position) == (1, 2)
    with pytest.raises(ClaimsRefused) as early:
        ward.propose(then)
    assert (early.value.code, early.value.facts) == ("EARLIER_FIRST", {"number": first.number})
    assert (ward.decide(first).amount, ward.decide(then).amount) == (D("31500.00"), D("9450.00"))
    with pytest.raises(ClaimsRefused) as late:
        actions.order_payers(case, wanted[::-1], reason="再改", **given)
    assert late.value.code == "CASE_DECIDED"
