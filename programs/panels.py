"""What this room adds to the workbench: plans and budgets that wait, money by funder."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import Chart, ChartData, Figure, Series, Urgency, queue_of
from programs.models import Budget, Plan
from programs.models.budget import ALARM_AT, WARN_AT

_VIEW = "programs.view_budget"


def _plans_to_approve(plans: Any, user: Any) -> Any:
    waiting = plans.visible_to(user, "programs.approve_plan").filter(state=Plan.State.IN_REVIEW)
    return waiting.exclude(drafted_by=user).exclude(submitted_by=user)


def _budgets_to_approve(budgets: Any, user: Any) -> Any:
    waiting = budgets.visible_to(user, "programs.approve_budget").filter(state=Budget.State.DRAFT)
    return waiting.exclude(proposed_by=user)


def _bound_from(share: Decimal) -> Any:
    return lambda budgets, user: budgets.visible_to(user, _VIEW).bound_from(share)


def _sum(*names: str) -> Any:
    def value(user: Any) -> Decimal:
        whole = sum((F(name) for name in names[1:]), F(names[0]))
        found = Budget.objects.visible_to(user, _VIEW).filter(state=Budget.State.APPROVED).aggregate(sum=Sum(whole))
        return found["sum"] or Decimal("0.00")

    return value


def _left(user: Any) -> Decimal:
    left = F("granted") - F("reserved") - F("used")
    found = Budget.objects.visible_to(user, _VIEW).filter(state=Budget.State.APPROVED).aggregate(sum=Sum(left))
    return found["sum"] or Decimal("0.00")


def _by_funder(user: Any) -> ChartData:
    rows = list(
        Budget.objects.visible_to(user, _VIEW).filter(state=Budget.State.APPROVED).values("funder__name")
        .annotate(
            sum_used=Sum("used"), sum_reserved=Sum("reserved"), sum_left=Sum(F("granted") - F("reserved") - F("used"))
        )
        .order_by("-sum_used")[:10]
    )
    if not rows:
        return ChartData([], [])
    return ChartData(
        [row["funder__name"] for row in rows],
        [
            Series(_("used"), [row["sum_used"] for row in rows]),
            Series(_("reserved"), [row["sum_reserved"] for row in rows]),
            Series(_("available"), [row["sum_left"] for row in rows]),
        ],
    )


def register() -> None:
    """Called once at start."""
    panels.register_queue(
        queue_of("programs.plan", "programs.plans", _("Plans to approve"), "programs.approve_plan", _plans_to_approve)
    )
    panels.register_queue(
        queue_of("programs.budget", "programs.budgets", _("Budgets to approve"), "programs.approve_budget", _budgets_to_approve)
    )
    panels.register_queue(
        queue_of(
            "programs.budget", "programs.nearly_spent", _("Budgets bound to 80 % or more"), "programs.view_statement",
            _bound_from(WARN_AT),
        )
    )
    panels.register_queue(
        queue_of(
            "programs.budget", "programs.almost_spent", _("Budgets bound to 95 % or more"), "programs.view_statement",
            _bound_from(ALARM_AT), Urgency.NOW,
        )
    )
    panels.register_figure(
        Figure("programs.used", _("Budget used"), "programs.view_statement", _sum("used"), _("yuan"))
    )
    panels.register_figure(
        Figure("programs.reserved", _("Budget reserved"), "programs.view_statement", _sum("reserved"), _("yuan"))
    )
    panels.register_figure(
        Figure("programs.left", _("Budget available"), "programs.view_statement", _left, _("yuan"))
    )
    panels.register_chart(
        Chart("programs.by_funder", _("Budgets by funder"), "programs.view_statement", _by_funder, _("yuan"))
    )
