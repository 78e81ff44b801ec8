"""Who is to be won in a period, county by county: proposed by one person, approved by another; one row is one version."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import ScopedQuerySet
from programs.models import Period, Program
from programs.models.program import program_scope

#: More people than any county has.
MOST = 10_000_000


class TargetState(models.TextChoices):
    """Where a version stands."""

    PROPOSED = "proposed", _("To be approved")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Sent back")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    REPLACED = "replaced", _("Replaced by a newer one")


@tracked
class Target(models.Model):
    """So many people of one county could be enrolled in one period."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="targets", verbose_name=_("period"))
    #: The county's.
    region_code = models.CharField(_("county"), max_length=6, db_collation="C")
    people = models.PositiveIntegerField(_("target population"))
    basis = models.CharField(_("based on"), max_length=200)
    state = models.CharField(_("state"), max_length=9, choices=TargetState, default=TargetState.PROPOSED, db_collation="C")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("program__")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "region_code", "people", "basis", "state", "proposed_by", "proposed_at", "decided_by",
        "decided_at", "reason",
    )

    class Meta:
        verbose_name = _("target population")
        verbose_name_plural = _("target populations")
        ordering = ["-id"]
        default_permissions = ("view", "import", "export")
        permissions = [
            ("propose_target", _("Can propose target populations")),
            ("approve_target", _("Can approve target populations or send them back")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="target_approved_once", fields=["period", "region_code"], condition=Q(state="approved")
            ),
            models.UniqueConstraint(
                name="target_proposed_once", fields=["period", "region_code"], condition=Q(state="proposed")
            ),
            models.CheckConstraint(name="target_is_of_a_county", condition=Q(region_code__regex="^[0-9]{6}$")),
            models.CheckConstraint(name="target_is_somebody", condition=Q(people__gte=1, people__lte=MOST)),
            models.CheckConstraint(
                name="target_decided_by_another",
                condition=~Q(state__in=("approved", "declined"))
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("proposed_by"))),
            ),
            models.CheckConstraint(name="target_declined_with_a_reason", condition=~Q(state="declined") | ~Q(reason="")),
        ]
        triggers = [
            pgtrigger.Protect(name="target_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="target_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "period", "region_code", "people", "basis", "proposed_by", "proposed_at"
                ),
            ),
            pgtrigger.Protect(
                name="target_over_stays_over", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=("declined", "withdrawn", "replaced")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
