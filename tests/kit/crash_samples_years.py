"""Sample runs of comparisons of years and of reviews of periods."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from beneficiaries.testing import World
from jobs.actions.run import claim
from jobs.models import Job
from programs.models import Period
from programs.testing import expecting, make_period
from tests.kit.crash_samples import Run, checker_of, fresh, sample
from tests.kit.crash_samples_handover import waiting
from tests.kit.crashes import Token
from years import actions as years
from years.models import Comparison, PlanReview


def two_years(world: World, token: Token) -> World:
    """A program of its own with two people, and a period after theirs."""
    own = waiting(world, token)
    period = make_period(own.plan, year=2032, by=world.finance_checker, at=timezone.now(), enrollment_opens_on=date(2020, 1, 1))
    return World(**{**vars(own), "period": period})


@sample("years.ask_comparison")
def ask_comparison(world: World, token: Token) -> Run:
    own = two_years(world, token)
    return lambda: years.ask_comparison(fresh(own.period), **checker_of(own))


@sample("years.count_comparison")
def count_comparison(world: World, token: Token) -> Run:
    own = two_years(world, token)
    comparison = years.ask_comparison(own.period, **checker_of(own))
    run = claim(job_id=Job.objects.about(comparison).live().get().pk)
    assert run is not None
    return lambda: years.count_comparison(run, Comparison.objects.get(pk=comparison.pk), at=timezone.now())


@sample("years.count_due")
def count_due(world: World, token: Token) -> Run:
    own = two_years(world, token)
    # What runs before this one left is asked for; this one was counted two days ago.
    years.count_due(at=timezone.now())
    comparison = years.ask_comparison(own.period, **checker_of(own))
    run = claim(job_id=Job.objects.about(comparison).live().get().pk)
    assert run is not None
    years.count_comparison(run, comparison, at=timezone.now() - timedelta(days=2))
    Job.objects.about(comparison).update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    return lambda: years.count_due(at=timezone.now())


def over(world: World, token: Token) -> Period:
    """A period that has passed, of which something was expected."""
    own = waiting(world, token)
    expecting(own.plan, people=10, premium=Decimal("990.00"), claims=Decimal("800.00"))
    return make_period(
        own.plan, year=2024, by=world.finance_checker, at=timezone.now(), code="2024", enrollment_opens_on=date(2023, 10, 1)
    )


def drawn(world: World, token: Token) -> PlanReview:
    """A review to be decided."""
    return years.draw_up_review(over(world, token), by=world.finance_maker, at=timezone.now())


@sample("years.draw_up_review")
def draw_up_review(world: World, token: Token) -> Run:
    period = over(world, token)
    return lambda: years.draw_up_review(fresh(period), by=world.finance_maker, at=timezone.now())


@sample("years.approve_review")
def approve_review(world: World, token: Token) -> Run:
    review = drawn(world, token)
    return lambda: years.approve_review(fresh(review), digest=review.digest, by=world.finance_checker, at=timezone.now())


@sample("years.decline_review")
def decline_review(world: World, token: Token) -> Run:
    review = drawn(world, token)
    return lambda: years.decline_review(fresh(review), reason="名单有误", by=world.finance_checker, at=timezone.now())
