"""A period's results beside what its plan expected: drawn up by one person, approved by another, kept with its definitions."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from programs.models import Period, Plan, Program


class ReviewState(models.TextChoices):
    """Where a review stands."""

    DRAWN = "drawn", _("To be approved")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Sent back")


#: A period has one of these at a time.
STANDING = ("drawn", "approved")


@tracked
class PlanReview(models.Model):
    """Actual against expected of one period, as of the moment it was drawn up."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="reviews", verbose_name=_("period"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("plan"))
    state = models.CharField(_("state"), max_length=8, choices=ReviewState, default=ReviewState.DRAWN, db_collation="C")
    #: Of each figure: code, title and definition in each language, what is expected, what came of it; amounts as text, null
    #: where it is not known, or nothing was expected.
    figures = models.JSONField(default=list)
    #: SHA-256 (hex) over program, period, plan and figures.
    digest = models.CharField(_("checksum of the review"), max_length=64, db_collation="C")
    drawn_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drawn up by"))
    drawn_at = models.DateTimeField(_("drawn up at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="program__organization__path", region="program__region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "plan", "state", "figures", "digest", "drawn_by", "drawn_at", "decided_by", "decided_at",
        "reason",
    )

    class Meta:
        verbose_name = _("review of a period")
        verbose_name_plural = _("reviews of periods")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        permissions = [
            ("draw_up_review", _("Can draw up reviews of periods")),
            ("approve_review", _("Can approve reviews of periods")),
        ]
        constraints = [
            models.UniqueConstraint(name="plan_review_one_stands", fields=["period"], condition=Q(state__in=STANDING)),
            models.CheckConstraint(
                name="plan_review_decided_by_another",
                condition=Q(state="drawn", decided_by__isnull=True, decided_at__isnull=True)
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(state="drawn") & ~Q(decided_by=F("drawn_by"))),
            ),
            models.CheckConstraint(name="plan_review_declined_has_a_reason", condition=~Q(state="declined") | ~Q(reason="")),
            models.CheckConstraint(name="plan_review_is_sealed", condition=Q(digest__regex=r"^[0-9a-f]{64}$")),
        ]
        triggers = [
            pgtrigger.Protect(name="plan_review_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="plan_review_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("program", "period", "plan", "figures", "digest", "drawn_by", "drawn_at"),
            ),
            pgtrigger.Protect(
                name="plan_review_stays_decided", operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="drawn"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
