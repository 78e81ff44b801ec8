"""The year before of the demo: families whose cover is over, one of whom never paid, and what came of what the plan expected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

from django.utils import timezone

from accounts.models import User
from gates import actions as gates
from gates.models import Clearing, ClearingKind, ClearingState, Uncollected
from portal.demo_families import collected, enroll_families
from programs import actions as programs
from programs.models import Period, PlanExpectation, Program
from years import actions as years
from years.models import PlanReview, ReviewState

#: So many families; of the last one's payment nothing was ever seen.
FAMILIES = 4


def past_year(program: Program, *, clerk: User, maker: User, checker: User, say: Callable[[str], None]) -> None:
    """Lead the period before this year's to its review, from wherever a killed load left it."""
    period = _period(program, checker)
    at = _in_the_window(period)
    bought = enroll_families(period, FAMILIES, clerk=clerk, at=at)
    collected(
        period, [(each.payment_reference, each.reference, each.own_share) for each in bought[:-1]], maker=maker, checker=checker,
        at=at,
    )
    _give_up(period, maker=maker, checker=checker)
    review = PlanReview.objects.filter(period=period).exclude(state=ReviewState.DECLINED).first()
    # A demo that was loaded before plans said what they expect has nothing to be held against.
    if review is None and PlanExpectation.objects.filter(plan=period.plan_id).exists():
        review = years.draw_up_review(period, by=maker, at=timezone.now())
    if review is not None and review.state == ReviewState.DRAWN:
        years.approve_review(review, digest=review.digest, by=checker, at=timezone.now())
    say(f"{period}: {len(bought)} families{', reviewed' if review is not None else ''}")


def _period(program: Program, checker: User) -> Period:
    year = timezone.localdate().year - 1
    found = program.periods.filter(code=str(year)).first()
    return found or programs.open_period(
        program.plans.get(number=1), code=str(year), starts_on=date(year, 1, 1), ends_on=date(year + 1, 1, 1),
        enrollment_opens_on=date(year - 1, 10, 1), enrollment_closes_on=date(year, 1, 1), by=checker, at=timezone.now(),
    )


def _in_the_window(period: Period) -> datetime:
    """A day on which families came."""
    return timezone.make_aware(datetime.combine(period.enrollment_opens_on.replace(month=12, day=10), time(10)))


def _give_up(period: Period, *, maker: User, checker: User) -> None:
    clearing = Clearing.objects.filter(period=period, kind=ClearingKind.UNPAID).exclude(state=ClearingState.DROPPED).first()
    if clearing is None:
        clearing = gates.propose_giving_up(
            Uncollected.objects.filter(period=period), reason="与个人账户经办机构核实：没有扣款", by=maker, at=timezone.now()
        )
    if clearing.state == ClearingState.PROPOSED:
        gates.approve_clearing(clearing, digest=clearing.digest, by=checker, at=timezone.now())
