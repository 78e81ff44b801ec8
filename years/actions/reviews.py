"""Reviews of periods: drawn up once a period is over, approved or sent back by another person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from programs.models import Period, PlanExpectation, Program
from years.errors import YearsRefused
from years.models import PlanReview, ReviewState
from years.reviewing import digest_of, figures_of, results_of

DRAW, APPROVE = "years.draw_up_review", "years.approve_review"


def draw_up_review(period: Period, *, by: User, at: datetime) -> PlanReview:
    """Count a period that is over, beside what its plan expected; kept as of now."""
    period = Period.objects.select_related("plan", "program__organization").get(pk=period.pk)
    _refuse_beyond(by, DRAW, program=period.program)
    if timezone.localdate(at) < period.ends_on:
        raise YearsRefused("NOT_OVER", day=f"{period.ends_on:%Y-%m-%d}")
    expected = PlanExpectation.objects.filter(plan=period.plan_id).first()
    if expected is None:
        raise YearsRefused("NOTHING_EXPECTED", plan=str(period.plan))
    try:
        with transaction.atomic():
            figures = figures_of(expected, results_of(period))
            fault_point("years.draw_up_review.before")
            review = PlanReview.objects.create(
                program=period.program, period=period, plan=period.plan, figures=figures, digest=digest_of(period, figures),
                drawn_by=by, drawn_at=at,
            )
            _record("review.drawn_up", review, by=by, at=at)
            fault_point("years.draw_up_review.after")
    except IntegrityError as conflict:
        if "plan_review_one_stands" in str(conflict):
            raise YearsRefused("REVIEWED") from conflict
        raise
    return review


def approve_review(review: PlanReview, *, digest: str, by: User, at: datetime) -> PlanReview:
    """It stands. `digest`: of the figures that were shown."""
    with transaction.atomic():
        review = _to_decide(review, by=by)
        if digest != review.digest:
            raise YearsRefused("FIGURES_CHANGED")
        fault_point("years.approve_review.before")
        review.state, review.decided_by, review.decided_at = ReviewState.APPROVED, by, at
        review.save(update_fields=["state", "decided_by", "decided_at"])
        _record("review.approved", review, by=by, at=at)
        fault_point("years.approve_review.after")
    return review


def decline_review(review: PlanReview, *, reason: str, by: User, at: datetime) -> PlanReview:
    """Send it back: it is drawn up anew once what is wrong is put right."""
    reason = " ".join(reason.split())
    if not reason:
        raise YearsRefused("REASON")
    events.refuse_personal(reason)
    with transaction.atomic():
        review = _to_decide(review, by=by)
        fault_point("years.decline_review.before")
        review.state, review.decided_by, review.decided_at, review.reason = ReviewState.DECLINED, by, at, reason[:300]
        review.save(update_fields=["state", "decided_by", "decided_at", "reason"])
        _record("review.declined", review, by=by, at=at, reason=review.reason)
        fault_point("years.decline_review.after")
    return review


def _to_decide(review: PlanReview, *, by: User) -> PlanReview:
    found = (
        PlanReview.objects.select_for_update(of=("self",)).select_related("program__organization", "period").get(pk=review.pk)
    )
    _refuse_beyond(by, APPROVE, program=found.program)
    if found.state != ReviewState.DRAWN:
        raise YearsRefused("STATE", state=found.get_state_display())
    if found.drawn_by_id == by.pk:
        raise YearsRefused("ANOTHER_APPROVES")
    return found


def _refuse_beyond(by: Any, permission: str, *, program: Program) -> None:
    if isinstance(by, User) and not any(
        program.organization.path.startswith(grant.organization_path)
        and program.region_code.startswith(grant.region_prefix)
        and (grant.program_ids is None or program.pk in grant.program_ids)
        for grant in by.grants(permission)
    ):
        raise YearsRefused("OUT_OF_SCOPE")


def _record(verb: str, review: PlanReview, *, by: User, at: datetime, **data: Any) -> None:
    program = review.program
    events.record(
        verb, review, by=by, at=at, organization=program.organization, region_code=program.region_code, program_id=program.pk,
        data={"period": review.period.code, "checksum": review.digest[:12], **data},
    )
