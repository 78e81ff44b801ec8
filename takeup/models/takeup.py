"""A period as its take-up page shows it, and the counts behind it as more readers see them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import DayStanding
from programs.models import Period, Plan


class TakeUpManager(models.Manager.from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    """Only periods that people are enrolled for as a whole."""

    def get_queryset(self) -> ScopedQuerySet:
        """Spans have no take-up."""
        found: ScopedQuerySet = super().get_queryset().filter(plan__period_kind=Plan.PeriodKind.ANNUAL)
        return found


class TakeUp(Period):
    """A period: who was to be won in it, and who stands enrolled."""

    objects: ClassVar[Any] = TakeUpManager()

    class Meta:
        proxy = True
        verbose_name = _("take-up of a period")
        verbose_name_plural = _("take-up")
        ordering = ["-enrollment_opens_on", "-id"]
        default_permissions = ("view", "export")


class DayCount(DayStanding):
    """The counts by day: the office's own, and read by the insurer and the funders of their programs, small ones hidden."""

    scope = Scope.any_of(
        Scope(organization_path="organization__path", region="county", program="program_id"),
        Scope(organization_path="program__insurer__path", program="program_id", reading_only=True),
        Scope(
            organization_path="budgets__funder__organization__path", program="pk", many=True, owner="program", reading_only=True,
        ),
    )

    class Meta:
        proxy = True
        verbose_name = _("count of enrollments of a day")
        verbose_name_plural = _("counts of enrollments of days")
        default_permissions = ()
