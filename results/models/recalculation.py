"""What our own calculation makes of a report's lines, and its counts; made anew with each check, fixed from the submission on."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Abs
from django.utils.translation import gettext_lazy as _

from audit.scope import ScopedQuerySet
from beneficiaries.models.agreement import kept_after_its_check
from intake.models import BEING_CHECKED, State
from results.models.report import SCOPE, Report


class Comparison(models.TextChoices):
    """How what was paid stands to what our calculation gives."""

    EQUAL = "equal", _("Equal")
    DIFFERENT = "different", _("Different")
    NOT_COMPUTABLE = "unknown", _("Not computable")


class Why(models.TextChoices):
    """Why nothing could be calculated."""

    NO_TERMS = "no_terms", _("the plan states no benefits that can be calculated")
    NO_FIGURES = "no_figures", _("the line says no expenses by kind")
    OTHER_BENEFIT = "benefit", _("something was paid that does not depend on bills")
    TERMS_UNKNOWN = "open_terms", _("the plan's terms leave this responsibility open")


class Recalculation(models.Model):
    """Of one line that is to be recorded or is beyond a limit."""

    row_id = models.BigIntegerField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    slice = models.IntegerField()
    comparison = models.CharField(_("compared with ours"), max_length=10, choices=Comparison, db_collation="C")
    why = models.CharField(_("why not"), max_length=12, choices=Why, blank=True, default="", db_collation="C")
    due = models.DecimalField(_("by our calculation (yuan)"), max_digits=16, decimal_places=2, null=True)
    #: What was paid less what is due.
    difference = models.DecimalField(_("difference (yuan)"), max_digits=16, decimal_places=2, null=True)
    #: {responsibility: yuan as text} by our calculation.
    parts = models.JSONField(_("by our calculation, by responsibility"), null=True)
    #: "limit, sum" in yuan, where the cover's or a responsibility's limit of the year is passed.
    beyond = models.CharField(_("beyond its limit"), max_length=60, blank=True, default="", db_collation="C")

    objects = ScopedQuerySet.as_manager()

    scope = SCOPE
    personal_fields = ()
    open_fields = ("row_id", "report", "slice", "comparison", "why", "due", "difference", "parts", "beyond")

    class Meta:
        verbose_name = _("recalculation")
        verbose_name_plural = _("recalculations")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="recalculation_says_why_not",
                condition=Q(comparison="unknown", due__isnull=True, difference__isnull=True) & ~Q(why="")
                | Q(comparison__in=["equal", "different"], due__isnull=False, difference__isnull=False, why=""),
            ),
            models.CheckConstraint(
                name="recalculation_equal_without_a_difference",
                condition=~Q(comparison="equal") | Q(difference=0),
            ),
        ]
        indexes = [
            models.Index(fields=["report", "slice"], name="recalculation_by_slice"),
            models.Index(
                F("report"), Abs("difference").desc(), name="recalculation_biggest", condition=Q(comparison="different")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="recalculation_is_made_anew", operation=pgtrigger.Update),
            kept_after_its_check(
                "recalculation_stays_after_review", ("results_report", "report_id"), (*BEING_CHECKED, State.REVIEW)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.row_id}"


class ReportSlice(models.Model):
    """The covers of a report whose number leaves one remainder: recalculated together, in one transaction."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="slices")
    number = models.IntegerField()
    #: How many there are.
    of = models.IntegerField()
    #: The check that made it; another one makes it anew.
    job_id = models.BigIntegerField()
    #: {"comparison": {word: [lines, paid, due, above, below]}, "why": {word: lines}, "parts": {code: [lines, paid, due]},
    #: "beyond": [lines, paid]}; amounts in fen.
    counts = models.JSONField(default=dict)
    #: SHA-256 (hex) over its recalculations.
    digest = models.CharField(max_length=64, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    without_history = "Counted by a recalculation, and made anew by the next check."
    scope = SCOPE
    personal_fields = ()
    open_fields = ("id", "report", "number", "of", "job_id", "counts", "digest")

    class Meta:
        verbose_name = _("slice of a report of payouts")
        verbose_name_plural = _("slices of reports of payouts")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="payout_report_slice_once", fields=["report", "number"]),
            models.CheckConstraint(name="payout_report_slice_is_one_of_them", condition=Q(number__gte=0, number__lt=F("of"))),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.number}"
