"""Endings: covers that ended before their time, by a line of a roster, a full list without it, or one person's change."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.history import tracked_updates
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.change import PersonChange
from beneficiaries.models.enrollment import Enrollment
from beneficiaries.models.roster import EndReason, Roster


@tracked_updates
class Ending(models.Model):
    """Cover of one enrollment ends with the end of a day; no premium is given back."""

    # Made by the engine only, from rows of its own roster.
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="endings", verbose_name=_("enrollment"), db_constraint=False
    )
    #: The staged row that ended it, or the full list that did not name its person.
    row_id = models.BigIntegerField(null=True)
    roster = models.ForeignKey(
        Roster, models.PROTECT, related_name="endings", verbose_name=_("full list"), null=True, db_index=False
    )
    #: Proposed for this person alone and approved by another.
    change = models.ForeignKey(
        PersonChange, models.PROTECT, related_name="endings", verbose_name=_("change of a person"), null=True,
        db_index=False,
    )
    reason = models.CharField(_("reason"), max_length=8, choices=EndReason, db_collation="C")
    ended_on = models.DateField(_("last day"))
    ended_before = models.DateTimeField(_("would have ended at"))
    created_at = models.DateTimeField(_("recorded at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="enrollment__organization__path", region="enrollment__region_code",
        program="enrollment__program_id",
    )
    personal_fields = ()
    open_fields = ("id", "enrollment", "row_id", "roster", "change", "reason", "ended_on", "ended_before", "created_at")

    class Meta:
        verbose_name = _("ending of a cover")
        verbose_name_plural = _("endings of covers")
        constraints = [
            models.UniqueConstraint(name="ending_once", fields=["row_id", "enrollment"]),
            models.UniqueConstraint(
                name="ending_once_by_list", fields=["roster", "enrollment"], condition=Q(roster__isnull=False)
            ),
            models.UniqueConstraint(
                name="ending_once_by_change", fields=["change", "enrollment"], condition=Q(change__isnull=False)
            ),
            models.CheckConstraint(
                name="ending_has_one_source",
                condition=Q(row_id__isnull=False, roster__isnull=True, change__isnull=True)
                | Q(row_id__isnull=True, roster__isnull=False, change__isnull=True)
                | Q(row_id__isnull=True, roster__isnull=True, change__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
