"""What is due by each record of a file, and its sums; made anew with each check, fixed from the submission on."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.scope import ScopedQuerySet
from beneficiaries.models.agreement import kept_after_its_check
from intake.models import BEING_CHECKED, State
from records.models.record import SCOPE, RecordList


class Calculation(models.Model):
    """Of one record that nobody has claimed."""

    row_id = models.BigIntegerField(primary_key=True)
    record_list = models.ForeignKey(RecordList, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    slice = models.IntegerField()
    due = models.DecimalField(_("due by our calculation (yuan)"), max_digits=14, decimal_places=2)
    #: {responsibility: yuan as text}; null where nothing is due.
    parts = models.JSONField(_("due by responsibility"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = SCOPE
    personal_fields = ()
    open_fields = ("row_id", "record_list", "slice", "due", "parts")

    class Meta:
        verbose_name = _("calculation of a settlement record")
        verbose_name_plural = _("calculations of settlement records")
        default_permissions = ()
        constraints = [models.CheckConstraint(name="record_due_is_not_below_zero", condition=Q(due__gte=0))]
        indexes = [models.Index(fields=["record_list", "slice"], name="record_calculation_by_slice")]
        triggers = [
            pgtrigger.Protect(name="record_calculation_is_made_anew", operation=pgtrigger.Update),
            kept_after_its_check(
                "record_calculation_stays_after_review", ("records_recordlist", "record_list_id"), (*BEING_CHECKED, State.REVIEW)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_list_id} {self.row_id}"


class RecordSlice(models.Model):
    """The covers of a file whose number leaves one remainder: calculated together, in one transaction."""

    record_list = models.ForeignKey(RecordList, models.PROTECT, related_name="slices")
    number = models.IntegerField()
    #: How many there are.
    of = models.IntegerField()
    #: The check that made it; another one makes it anew.
    job_id = models.BigIntegerField()
    #: {"due": [records, fen], "nothing": records, "parts": {code: [records, fen]}, "biggest": [[row, fen], ...]}.
    counts = models.JSONField(default=dict)
    #: SHA-256 (hex) over its calculations.
    digest = models.CharField(max_length=64, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    without_history = "Counted by a calculation, and made anew by the next check."
    scope = SCOPE
    personal_fields = ()
    open_fields = ("id", "record_list", "number", "of", "job_id", "counts", "digest")

    class Meta:
        verbose_name = _("slice of settlement records")
        verbose_name_plural = _("slices of settlement records")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="record_slice_once", fields=["record_list", "number"]),
            models.CheckConstraint(name="record_slice_is_one_of_them", condition=Q(number__gte=0, number__lt=F("of"))),
        ]

    def __str__(self) -> str:
        return f"{self.record_list_id} {self.number}"
