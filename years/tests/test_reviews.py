"""A period held against what its plan expected: counted from covers and the ledger, decided by another, kept for good."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_undo, request_undo
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from jobs.testing import drain
from portal.verify import check_all
from programs.actions import copy_plan
from programs.models import Period
from programs.testing import expecting
from subsidies.actions import approve_differences, make_differences
from subsidies.models import Differences
from subsidies.testing import ended
from years.actions import approve_review, decline_review, draw_up_review
from years.errors import YearsRefused
from years.models import PlanReview
from years.reviewing import lines_of

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> World:
    """Six people enrolled at 99.00, of whom one left before the first day; three more of another roster were undone."""
    world = make_world()
    applied(world, people(6))
    wrong = applied(world, people(3, first=20))
    approve_undo(request_undo(wrong, reason="名单发错了", by=world.clerk, at=timezone.now()), by=world.reviewer, at=timezone.now())
    drain()
    left = Enrollment.objects.filter(state="in_force").earliest("pk")
    ended(left, ended_on=world.period.starts_on - timedelta(days=1))
    make_differences(world.period, by=world.finance_maker, at=timezone.now())
    drain()
    found = Differences.objects.get()
    approve_differences(found, digest=found.digest, by=world.finance_checker, at=timezone.now())
    expecting(world.plan, people=10, premium=D("990.00"), claims=D("841.50"))
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture
def world(kept_world: World) -> World:
    """The same a year later: its period is over."""
    Period.objects.filter(pk=kept_world.period.pk).update(
        starts_on=date(2025, 1, 1), ends_on=timezone.localdate(), enrollment_opens_on=date(2024, 10, 1),
        enrollment_closes_on=date(2025, 2, 1),
    )
    kept_world.period.refresh_from_db()
    return kept_world


def drawn(world: World) -> PlanReview:
    return draw_up_review(world.period, by=world.finance_maker, at=timezone.now())


def refused(work: Any) -> str:
    with pytest.raises(YearsRefused) as caught:
        work()
    return str(caught.value.code)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:years_planreview_{name}", args=args)


def test_each_figure_stands_beside_what_was_expected_and_claims_are_not_known_rather_than_zero(world: World) -> None:
    lines = [(each.title, each.expected, each.actual, each.difference, each.share) for each in lines_of(drawn(world).figures)]
    assert lines == [
        ("承保人数", "10", "5", "-5", "50.00%"),
        ("应付保费", "990.00", "594.00", "-396.00", "60.00%"),
        ("退减保费", "—", "99.00", "—", "—"),
        ("净保费", "990.00", "495.00", "-495.00", "50.00%"),
        ("已付赔款", "841.50", "尚未知", "—", "—"),
        ("赔付率", "85.00%", "尚未知", "—", "—"),
    ]


def test_a_review_is_drawn_up_by_one_approved_by_another_and_never_changes(world: World) -> None:
    review = drawn(world)
    assert refused(lambda: drawn(world)) == "REVIEWED"
    digest = {"digest": review.digest}
    assert refused(lambda: approve_review(review, **digest, by=world.finance_maker, at=timezone.now())) == "OUT_OF_SCOPE"
    stale = {"digest": "0" * 64}
    assert refused(lambda: approve_review(review, **stale, by=world.finance_checker, at=timezone.now())) == "FIGURES_CHANGED"
    approved = approve_review(review, **digest, by=world.finance_checker, at=timezone.now())
    assert (approved.state, approved.decided_by) == ("approved", world.finance_checker)
    assert refused(lambda: decline_review(review, reason="有误", by=world.finance_checker, at=timezone.now())) == "STATE"
    assert refused(lambda: drawn(world)) == "REVIEWED"
    kept = review.figures
    applied_later = Enrollment.objects.filter(period=world.period, state="in_force").update(state="voided")
    assert applied_later
    assert PlanReview.objects.get(pk=review.pk).figures == kept
    for change in (
        lambda: PlanReview.objects.filter(pk=review.pk).update(state="drawn", decided_by=None, decided_at=None),
        lambda: PlanReview.objects.filter(pk=review.pk).update(reason="x"), lambda: PlanReview.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert list(Event.objects.filter(subject_type="years.planreview").order_by("pk").values_list("verb", "actor_id")) == [
        ("review.drawn_up", world.finance_maker.pk), ("review.approved", world.finance_checker.pk),
    ]


def test_figures_that_are_drawn_up_stand_in_the_database(world: World) -> None:
    review = drawn(world)
    for changes in ({"figures": []}, {"digest": "1" * 64}, {"drawn_by": world.clerk}):
        with pytest.raises(DatabaseError, match="planreview"), transaction.atomic():
            PlanReview.objects.filter(pk=review.pk).update(**changes)
    with pytest.raises(DatabaseError, match="plan_review_decided_by_another"), transaction.atomic():
        PlanReview.objects.filter(pk=review.pk).update(state="approved", decided_by=world.finance_maker, decided_at=timezone.now())


def test_a_review_sent_back_stays_on_record_and_another_is_drawn_up(world: World) -> None:
    review = drawn(world)
    assert refused(lambda: decline_review(review, reason="  ", by=world.finance_checker, at=timezone.now())) == "REASON"
    decline_review(review, reason="名单尚未更正", by=world.finance_checker, at=timezone.now())
    again = drawn(world)
    assert list(PlanReview.objects.order_by("pk").values_list("pk", "state")) == [(review.pk, "declined"), (again.pk, "drawn")]


def test_a_period_that_is_not_over_or_of_which_nothing_was_expected_has_no_review(world: World) -> None:
    Period.objects.filter(pk=world.period.pk).update(ends_on=timezone.localdate() + timedelta(days=1))
    assert refused(lambda: drawn(world)) == "NOT_OVER"
    Period.objects.filter(pk=world.period.pk).update(ends_on=timezone.localdate())
    assert refused(lambda: draw_up_review(world.period, by=world.clerk, at=timezone.now())) == "OUT_OF_SCOPE"
    other = copy_plan(world.plan, by=world.finance_maker, at=timezone.now())
    later = Period.objects.create(
        program=world.program, plan=other, code="x", starts_on=date(2024, 1, 1), ends_on=date(2025, 1, 1),
        enrollment_opens_on=date(2024, 1, 1), enrollment_closes_on=date(2025, 1, 1),
    )
    assert refused(lambda: draw_up_review(later, by=world.finance_maker, at=timezone.now())) == "NOTHING_EXPECTED"


def test_it_goes_through_the_pages_from_the_period_to_the_paper(world: World, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    page = maker.get(reverse("admin:programs_period_change", args=[world.period.pk])).content.decode()
    assert f"{address('draw_up')}?period={world.period.pk}" in page
    answer = maker.post(address("draw_up"), {"period": world.period.pk})
    review = PlanReview.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, address("change", review.pk))
    assert "待批准的精算回溯" in checker.get(reverse("admin:index")).content.decode()
    shown = checker.get(address("approve", review.pk)).context["form"].initial["digest"]
    assert checker.post(address("approve", review.pk), {"digest": shown}).status_code == 302
    for name in ("change", "print"):
        text = checker.get(address(name, review.pk)).content.decode()
        for said in ("495.00", "尚未知", "85.00%", "即为未知，并非为零", "已批准"):
            assert said in text, (name, said)
    page = checker.get(reverse("admin:programs_period_change", args=[world.period.pk])).content.decode()
    assert address("change", review.pk) in page
    assert signed_in(world.clerk).get(address("change", review.pk)).status_code == 404
    # Whoever left did so without a line of a file.
    assert [result.name for result in check_all() if result.rows] == ["endings_are_of_their_rows"]
