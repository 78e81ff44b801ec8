"""Two people at once: one limit is never paid twice, one decision never signed twice, no case decided while a bill comes in."""

from __future__ import annotations

from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections

from beneficiaries.tests.purchasing import paid_market
from claims import actions
from claims.errors import ClaimsRefused
from claims.models import CoverUsage, Decision, Signature
from claims.testing import Ward, make_ward

D = Decimal
pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(*acts: Any) -> list[Any]:
    """What each gives, or the code of its refusal; each on a connection of its own."""
    found: list[Any] = [None] * len(acts)

    def run(place: int, act: Any) -> None:
        try:
            found[place] = act()
        except ClaimsRefused as refused:
            found[place] = refused.code
        finally:
            connections["default"].close()

    threads = [Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return found


def _waiting(ward: Ward) -> list[Decision]:
    """Two decisions that together are above the limit of a million, each calculated as if it were the only one."""
    claims = [
        ward.claim(("out_of_catalogue", "1000000.00"), number=f"000000000{number}", diagnosis=f"I2{number}.9") for number in (1, 2)
    ]
    return [ward.propose(claim) for claim in claims]


def test_two_signatures_at_one_limit_pay_it_once() -> None:
    ward = make_ward()
    first, second = _waiting(ward)
    assert (first.amount, second.amount) == (D("689500.00"), D("689500.00"))
    results = _at_once(*(
        lambda decision=decision, by=by: actions.sign_decision(decision, digest=decision.digest, by=by, at=ward.at).state
        for decision, by in ((first, ward.reviewer), (second, ward.second))
    ))
    assert sorted(results) == ["USAGE_MOVED", "approved"]
    assert CoverUsage.objects.get(enrollment=ward.cover).paid == D("689500.00")


def test_two_signatures_at_what_the_plan_covers_in_all_pay_it_once() -> None:
    ward = make_ward(market=paid_market(pays="beijing-2025", cover_limit=D("700000.00")))
    first, second = _waiting(ward)
    assert (first.amount, second.amount) == (D("689500.00"), D("689500.00"))
    results = _at_once(*(
        lambda decision=decision, by=by: actions.sign_decision(decision, digest=decision.digest, by=by, at=ward.at).state
        for decision, by in ((first, ward.reviewer), (second, ward.second))
    ))
    assert sorted(results) == ["USAGE_MOVED", "approved"]
    late = first if results[0] == "USAGE_MOVED" else second
    actions.send_back_decision(late, reason="重新理算", by=ward.clerk, at=ward.at)
    assert ward.decide(late.claim).amount == D("10500.00")
    assert CoverUsage.objects.get(enrollment=ward.cover).paid == D("700000.00")


def test_a_double_click_signs_once() -> None:
    ward = make_ward()
    decision = ward.propose(ward.claim())
    sign = lambda: actions.sign_decision(decision, digest=decision.digest, by=ward.reviewer, at=ward.at).state  # noqa: E731
    results = _at_once(sign, sign)
    assert sorted(results) in (["NOT_PROPOSED", "approved"], ["SIGNED_ALREADY", "approved"])
    assert Signature.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM claims_payable")
        assert cursor.fetchone() == (1,)


def test_two_people_take_a_claim_and_one_has_it() -> None:
    ward = make_ward()
    claim = ward.report().claims.get()
    for act in (actions.accept_claim, actions.register_claim):
        claim = act(claim, by=ward.clerk, at=ward.at)
    people = {ward.clerk.pk: ward.clerk, ward.colleague.pk: ward.colleague}
    results = _at_once(*(
        lambda by=by: actions.take_claim(claim, by=by, at=ward.at).handler_id for by in people.values()
    ))
    claim.refresh_from_db()
    assert sorted(results, key=str) == [claim.handler_id, "NOT_HANDLER"]
    assert (claim.state, claim.steps.filter(to_state="review").get().by) == ("review", people[claim.handler_id])


def test_a_bill_comes_before_a_decision_or_not_at_all() -> None:
    ward = make_ward()
    claim = ward.claim()
    results = _at_once(lambda: ward.propose(claim).amount, lambda: ward.bill(claim.case, invoice_number="0000000002").total)
    decision = Decision.objects.get()
    bills = claim.case.bills.count()
    assert (decision.amount, bills) in ((D("31500.00"), 1), (D("73500.00"), 2))
    assert results[1] in ("CASE_DECIDED", D("60000.00"))
