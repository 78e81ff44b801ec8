"""Day cover bought for many at once: who is covered, who is refused and why, what it costs whom; whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from django.utils import timezone
from django.utils.translation import override

from accounts.testing import make_user
from audit.models import Event
from audit.testing import FULL_SWEEP, Stepper, in_turn, sweep
from beneficiaries.actions import Payment, Request, cover_days, upload_roster
from beneficiaries.covering import MOST, Span
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, Purchase
from beneficiaries.testing import csv_of, people
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import HOUR, Market, day_market, many_workers
from programs.actions.plans import ShareDraft
from programs.errors import BudgetRefused
from programs.models import Budget, BudgetReservation, Category, FundingSplit, LedgerAccount, LedgerTransaction
from programs.testing import make_budget

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def market(db: Any) -> Market:
    return day_market()


def said(refused: Any) -> str:
    return str(refused.value.code)


def test_days_of_a_worker_are_covered_priced_and_paid_for(market: Market) -> None:
    worker = market.worker()
    purchase = market.cover(market.span(worker, 8, 20), market.span(worker, 32, 57.5))
    assert (purchase.people, purchase.premium, purchase.own_share, purchase.refused) == (2, D("9.00"), D("0.00"), [])
    first, second = purchase.enrollments.order_by("starts_at")
    assert (first.premium, second.premium) == (D("3.00"), D("6.00"))
    assert (first.state, first.period_kind, first.roster_id, first.row_id) == ("in_force", "span", None, None)
    assert (first.line, second.line) == (1, 2)
    assert first.starts_at == market.span(worker, 8, 20).starts_at
    assert second.ends_at - second.starts_at == timedelta(hours=25, minutes=30)
    assert first.category.code == "renren"
    assert Enrollment.objects.covering(at=first.starts_at).get() == first
    assert not Enrollment.objects.covering(at=first.ends_at).exists()
    budget = Budget.objects.get(pk=market.budget.pk)  # type: ignore[union-attr]
    assert (budget.reserved, budget.used, budget.available) == (D("0.00"), D("9.00"), D("99991.00"))
    assert BudgetReservation.objects.filter(owner_type="beneficiaries.purchase", closed_at=None).count() == 0
    assert LedgerAccount.objects.get(kind="insurer_payable", program=market.program).balance == D("-9.00")
    assert LedgerAccount.objects.get(kind="funder_receivable", program=market.program).balance == D("9.00")
    event = Event.objects.get(verb="purchase.made")
    assert event.data == {"people": 2, "refused": 0, "premium": "9.00"}
    assert (event.program_id, event.organization_path) == (market.program.pk, market.world.office.path)
    assert broken() == []


def test_each_line_that_cannot_be_covered_says_why_and_blocks_nobody(market: Market) -> None:
    good, old, taken, twice = (market.worker(number) for number in range(4))
    stranger = many_workers(day_like(market), 1)[0]
    Person.objects.filter(pk=old).update(birth_on=date(1900, 1, 1))
    market.cover(market.span(taken, 10, 12), reference="R0")
    past = market.span(good, 8, 20)
    late = market.span(good, 24 * 299 + 1, 24 * 299 + 2)
    lines = [
        market.span(good, 8, 20),
        market.span(good, 20, 20),
        replace(past, starts_at=market.at - HOUR, ends_at=market.at + HOUR),
        replace(late, starts_at=late.starts_at + timedelta(days=1), ends_at=late.ends_at + timedelta(days=1)),
        market.span(good, 30, 66.1),
        market.span(stranger, 8, 20),
        market.span(987_654_321, 8, 20),
        market.span(old, 8, 20),
        market.span(taken, 11, 13),
        market.span(twice, 8, 20),
        market.span(twice, 8, 20),
        market.span(good, 100, 110),
        market.span(good, 109, 111),
    ]
    purchase = market.cover(*lines)
    assert purchase.refused == [
        [2, "SPAN_ORDER", ""], [3, "SPAN_PAST", ""], [4, "SPAN_OUTSIDE", ""], [5, "SPAN_TOO_LONG", ""],
        [6, "UNKNOWN_PERSON", ""], [7, "UNKNOWN_PERSON", ""], [8, "NOT_ELIGIBLE", "too_old"], [9, "SPAN_OVERLAP", ""],
        [11, "SPAN_TWICE", ""], [12, "SPAN_OVERLAP", ""], [13, "SPAN_OVERLAP", ""],
    ]
    assert sorted(purchase.enrollments.values_list("line", flat=True)) == [1, 10]
    assert (purchase.people, purchase.premium) == (2, D("6.00"))
    assert broken() == []


def day_like(market: Market) -> Market:
    """The same market as another office of the program sees it."""
    return replace(market, world=replace(market.world, office=market.world.sibling))


def test_a_worker_of_another_office_is_nobody_here(market: Market) -> None:
    stranger = many_workers(day_like(market), 1)[0]
    assert market.cover(market.span(stranger, 8, 20)).refused == [[1, "UNKNOWN_PERSON", ""]]
    assert Enrollment.objects.count() == 0
    assert not LedgerTransaction.objects.filter(kind="use").exists()


def test_spans_that_touch_across_midnight_and_purchases_are_covered(market: Market) -> None:
    worker = market.worker()
    market.cover(market.span(worker, 18, 25.5), reference="R1")
    purchase = market.cover(market.span(worker, 25.5, 30), market.span(worker, 6, 18), reference="R2")
    assert (purchase.people, purchase.refused) == (2, [])


def test_a_span_may_end_after_its_period_but_not_begin_there(market: Market) -> None:
    worker = market.worker()
    last = 24 * 299
    purchase = market.cover(market.span(worker, last - 4, last + 2), market.span(worker, last + 2, last + 3))
    assert [line for line, *_rest in purchase.refused] == [2]
    assert market.period.ends_on == timezone.localdate(market.span(worker, last, last + 1).starts_at)


def test_an_ended_cover_does_not_block_another(market: Market) -> None:
    worker = market.worker()
    market.cover(market.span(worker, 8, 20))
    Enrollment.objects.update(state="ended")
    assert market.cover(market.span(worker, 9, 10), reference="R2").people == 1


def test_the_same_request_again_is_the_same_purchase_and_costs_nothing(market: Market) -> None:
    worker = market.worker()
    first = market.cover(market.span(worker, 8, 20), market.span(worker, 9, 10))
    again = market.cover(market.span(worker, 8, 20), market.span(worker, 9, 10))
    assert first == again
    assert again.refused == [[1, "SPAN_OVERLAP", ""], [2, "SPAN_OVERLAP", ""]]
    once = market.cover(market.span(worker, 8, 20), reference="R2")
    assert market.cover(market.span(worker, 8, 20), reference="R2", at=market.at + 40 * HOUR) == once
    assert Enrollment.objects.count() == 1
    with pytest.raises(BeneficiariesRefused) as refused:
        market.cover(market.span(worker, 8, 21), reference="R2")
    assert said(refused) == "REFERENCE_TAKEN"
    assert Enrollment.objects.count() == 1


def test_a_budget_that_does_not_suffice_refuses_the_whole_and_nothing_is_kept() -> None:
    market = day_market(granted=D("8.99"))
    worker = market.worker()
    spans = [market.span(worker, day * 24, day * 24 + 12) for day in range(3)]
    with pytest.raises(BudgetRefused) as refused:
        market.cover(*spans)
    assert said(refused) == "BUDGET"
    assert (Enrollment.objects.count(), Purchase.objects.count()) == (0, 0)
    assert market.cover(*spans[:2]).premium == D("6.00")
    with pytest.raises(BudgetRefused):
        market.cover(spans[2], reference="R2")
    assert broken() == []


def test_shares_of_the_worker_the_county_and_the_platform_are_booked_to_the_fen() -> None:
    market = day_market(proration="time", premium=D("3.33"), shares=[ShareDraft("person", D("0.10")), ShareDraft("county", None)])
    worker = market.worker()
    county = market.world.county
    make_budget_of(county, market)
    purchase = market.cover(market.span(worker, 8, 15), market.span(worker, 20, 27))
    # 3.33 * 7 / 24 = 0.97125
    assert (purchase.premium, purchase.own_share) == (D("1.94"), D("0.20"))
    assert Budget.objects.get(funder=county, program=market.program).used == D("1.74")
    assert LedgerAccount.objects.get(kind="person_receivable", program=market.program).balance == D("0.20")
    assert FundingSplit.objects.filter(plan=market.plan, premium=D("0.97")).count() == 1
    assert broken() == []


def make_budget_of(funder: Any, market: Market) -> Budget:
    world = market.world
    return make_budget(
        funder, period=market.period, granted=D("100.00"), maker=world.finance_maker, checker=world.finance_checker,
        at=market.at,
    )


def test_a_price_by_time_has_its_least() -> None:
    market = day_market(proration="time", minimum_premium=D("0.50"))
    worker = market.worker()
    assert market.cover(market.span(worker, 8, 9)).premium == D("0.50")
    assert market.cover(market.span(worker, 20, 20.001), reference="R2").premium == D("0.50")
    assert market.cover(market.span(worker, 30, 40), reference="R3").premium == D("1.25")


def test_a_span_too_short_to_cost_a_fen_is_refused() -> None:
    market = day_market(proration="time")
    worker = market.worker()
    purchase = market.cover(market.span(worker, 8, 8.01))
    assert (purchase.people, purchase.refused) == (0, [[1, "SPAN_TOO_SHORT", ""]])


def test_a_place_without_a_payer_is_named() -> None:
    market = day_market(shares=[ShareDraft("county", None)])
    here, there = market.worker(0), market.worker(1)
    make_budget_of(market.world.county, market)
    Beneficiary.objects.filter(person=there).update(region_code="441621")
    with override("en"):
        purchase = market.cover(market.span(here, 8, 9), market.span(there, 8, 9))
    assert purchase.refused == [[2, "NOT_FUNDED", "No government funder is known for the county 441621."]]
    assert purchase.people == 1


def test_a_held_category_counts_before_the_one_that_holds_for_everybody(market: Market) -> None:
    worker = market.worker()
    held = Category.objects.get(code="dibao")
    BeneficiaryCategory.objects.create(
        beneficiary=Beneficiary.objects.get(person=worker), category=held, valid_from=market.at.date(), row_id=1
    )
    # The plan names the open category only: what is held besides changes nothing.
    market.cover(market.span(worker, 8, 9))
    assert Enrollment.objects.get().category.code == "renren"


def test_an_own_share_that_the_plan_wants_first_is_paid_first() -> None:
    market = day_market(requires_own_payment=True, shares=[ShareDraft("person", None)])
    worker = market.worker()
    span = market.span(worker, 8, 9)
    with pytest.raises(BeneficiariesRefused) as refused:
        market.cover(span)
    assert said(refused) == "NOT_PAID"
    with pytest.raises(BeneficiariesRefused) as refused:
        market.cover(span, payment=Payment("w1", market.at, D("2.99")))
    assert (said(refused), refused.value.facts) == ("PAID_AMOUNT", {"paid": D("2.99"), "due": D("3.00")})
    purchase = market.cover(span, payment=Payment("w1", market.at, D("3.00")))
    assert (purchase.payment_reference, Enrollment.objects.get().own_paid_at) == ("w1", market.at)
    with pytest.raises(BeneficiariesRefused) as refused:
        market.cover(market.span(worker, 10, 11), payment=Payment("w1", market.at, D("3.00")), reference="R2")
    assert said(refused) == "PAYMENT_TAKEN"
    assert broken() == []


def test_only_who_may_and_reaches_the_office_buys(market: Market) -> None:
    worker = market.worker()
    world = market.world
    stranger = make_user("stranger", organization=world.sibling, role="clerk")
    for by, organization in ((stranger, world.office), (world.auditor, world.office), (world.clerk, world.city)):
        with pytest.raises(BeneficiariesRefused) as refused:
            market.cover(market.span(worker, 8, 9), by=by, organization=organization)
        assert said(refused) == "OUT_OF_SCOPE"
    with pytest.raises(BeneficiariesRefused) as refused:
        market.cover(market.span(worker, 8, 9), by="system:test", organization=world.insurer)
    assert said(refused) == "OUT_OF_REACH"
    assert Purchase.objects.count() == 0


def test_what_makes_no_sense_is_refused_with_its_reason(market: Market) -> None:
    worker = market.worker()
    span = market.span(worker, 8, 9)
    wrong: list[tuple[str, list[Span] | pl.DataFrame, dict[str, Any]]] = [
        ("NOTHING_ASKED", [], {}),
        ("SPAN_WITHOUT_ZONE", [replace(span, starts_at=span.starts_at.replace(tzinfo=None))], {}),
        ("REFERENCE", [span], {"request": Request(" ")}),
        ("REFERENCE", [span], {"request": Request("x" * 61)}),
        ("REFERENCE", [span], {"request": Request("order 441602196203151219")}),
        ("PERIODS_ONLY", [span], {"period": market.world.period}),
        ("PERIOD_CLOSED", [span], {"at": market.at + timedelta(days=250)}),
        ("TOO_MANY_SPANS", [span] * (MOST + 1), {}),
    ]
    for code, spans, changes in wrong:
        with pytest.raises(BeneficiariesRefused) as refused:
            market.cover(*spans, **changes)
        assert said(refused) == code
    frame = pl.DataFrame({"person_id": [worker], "starts_at": [span.starts_at.replace(tzinfo=None)], "ends_at": [span.ends_at]})
    with pytest.raises(BeneficiariesRefused):
        covered_frame(market, frame)
    assert Purchase.objects.count() == 0


def covered_frame(market: Market, frame: pl.DataFrame) -> Purchase:
    return cover_days(
        frame, period=market.period, organization=market.world.office, request=Request("F1"), by=market.world.clerk,
        at=market.at,
    )


def test_a_frame_of_many_people_is_covered_in_sets(market: Market, django_assert_max_num_queries: Any) -> None:
    workers = many_workers(market, 3_000)
    span = market.span(0, 8, 20)
    frame = pl.DataFrame({
        "person_id": workers, "starts_at": [span.starts_at] * len(workers), "ends_at": [span.ends_at] * len(workers),
    })
    with django_assert_max_num_queries(80):
        purchase = covered_frame(market, frame)
    assert (purchase.people, purchase.premium, purchase.refused) == (3_000, D("9000.00"), [])
    assert broken() == []


def test_a_roster_of_a_plan_of_spans_is_refused(market: Market) -> None:
    world = market.world
    with pytest.raises(BeneficiariesRefused) as refused:
        upload_roster(
            [("名册.csv", csv_of(people(1)))], period=market.period, organization=world.office, by=world.clerk, at=market.at
        )
    assert said(refused) == "SPANS_ONLY"


@pytest.mark.django_db(transaction=True)
def test_the_same_worker_from_two_requests_at_once_is_covered_once() -> None:
    market = day_market()
    worker = market.worker()
    with Stepper() as stepper:
        first = stepper.start(
            lambda: market.cover(market.span(worker, 8, 20), reference="A"), stop_at="beneficiaries.cover_days.after"
        )
        second = stepper.start(lambda: market.cover(market.span(worker, 19, 21), market.span(worker, 30, 31), reference="B"))
        assert second.waits()
        first.go_on()
        assert first.result().people == 1
        later = second.result()
    assert (later.people, later.refused) == (1, [[1, "SPAN_OVERLAP", ""]])
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_one_request_sent_twice_at_once_is_one_purchase() -> None:
    market = day_market()
    worker = market.worker()
    with Stepper() as stepper:
        first = stepper.start(lambda: market.cover(market.span(worker, 8, 20)), stop_at="beneficiaries.cover_days.after")
        second = stepper.start(lambda: market.cover(market.span(worker, 8, 20)))
        assert second.waits()
        first.go_on()
        assert first.result() == second.result()
    assert (Purchase.objects.count(), Enrollment.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", in_turn(("raise", "disconnect"), 1))
def test_a_fault_at_any_point_leaves_all_or_nothing_and_the_request_again_makes_it_whole(mode: str) -> None:
    market = day_market()
    worker = market.worker()

    def buy() -> None:
        market.cover(market.span(worker, 8, 20))

    def check(_point: int) -> None:
        if Purchase.objects.exists():
            assert Enrollment.objects.count() == 1
        else:
            assert Enrollment.objects.count() == 0
            assert not LedgerTransaction.objects.filter(kind="use").exists()
        assert broken() == []

    # The short form strikes every fourth point, each mode its own.
    first, step = (1, 1) if FULL_SWEEP else (1 if mode == "raise" else 3, 4)
    struck = sweep(buy, check=check, mode=mode, first=first, step=step)
    assert struck >= 10 // step
    assert (Purchase.objects.count(), Enrollment.objects.count()) == (1, 1)
    assert broken() == []
