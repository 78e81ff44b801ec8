"""What this room adds: on a period's page who is renewed, how the years compare and its review, reviews that wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, queue_of
from beneficiaries.models import Roster
from beneficiaries.models.roster import Purpose
from programs.models import Plan
from years.actions.comparisons import before_of
from years.actions.reviews import APPROVE, DRAW
from years.models import Comparison, PlanReview, ReviewState
from years.models.review import STANDING

_VIEW, _VIEW_REVIEW = "years.view_comparison", "years.view_planreview"
_REVIEW = "years.planreview"
SHOWN = 20


def _period(period: Any, user: Any) -> Mapping[str, Any]:
    if period.plan.period_kind != Plan.PeriodKind.ANNUAL:
        return {}
    before = before_of(period)
    found = Comparison.objects.visible_to(user, _VIEW).filter(period=period).select_related("before").first()
    day = timezone.localdate()
    is_open = period.closed_at is None and period.enrollment_opens_on <= day < period.enrollment_closes_on
    renews = before is not None and is_open and user.has_perm("beneficiaries.upload_roster")
    rosters = Roster.objects.visible_to(user, "beneficiaries.view_roster").filter(
        period=period, purpose=Purpose.RENEW, renewed_period__isnull=False,
    )
    return {
        "before": before, "comparison": found,
        "comparison_url": reverse("admin:years_comparison_change", args=[found.pk]) if found is not None else "",
        "renew_url": f"{reverse('admin:beneficiaries_roster_renew')}?into={period.pk}" if renews else "",
        "renewals": [
            (each, reverse("admin:beneficiaries_roster_change", args=[each.pk]))
            for each in rosters.select_related("organization").order_by("-pk")[:SHOWN]
        ] if user.has_perm("beneficiaries.view_roster") else [],
    }


def _review(period: Any, user: Any) -> Mapping[str, Any]:
    found = list(PlanReview.objects.visible_to(user, _VIEW_REVIEW).filter(period=period).select_related("drawn_by"))
    waits = (
        period.ends_on <= timezone.localdate() and user.has_perm(DRAW) and hasattr(period.plan, "expectation")
        and not any(each.state in STANDING for each in found)
    )
    return {
        "reviews": [(each, reverse("admin:years_planreview_change", args=[each.pk])) for each in found],
        "draw_up_url": f"{reverse('admin:years_planreview_draw_up')}?period={period.pk}" if waits else "",
    }


def _to_approve(reviews: Any, user: Any) -> Any:
    return reviews.visible_to(user, APPROVE).filter(state=ReviewState.DRAWN).exclude(drawn_by=user)


QUEUES = (queue_of(_REVIEW, "years.reviews", _("Reviews to approve"), APPROVE, _to_approve),)
PANELS = (
    PagePanel("years.period", _("From the year before"), "programs.period", _VIEW, _period, "years/period.html", 8),
    PagePanel(
        "years.review", _("Actual against expected"), "programs.period", _VIEW_REVIEW, _review, "years/period_review.html", 60
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
