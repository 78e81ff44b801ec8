"""One period compared with the one before: what was counted, by place, category and division; and who left, by name."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from programs.models import Category, FundingSplit, Period, Program
from programs.models.program import program_scope


class Outcome(models.TextChoices):
    """What became of a person between two periods."""

    RENEWED = "renewed", _("Went on")
    NEW = "new", _("New")
    DIED = "died", _("Died")
    ENDED = "ended", _("Ended early")
    NOT_ELIGIBLE = "not_eligible", _("No longer eligible")
    NOT_RENEWED = "not_renewed", _("Eligible, not renewed")


#: Who was covered before and is not any more.
LEFT = (Outcome.DIED, Outcome.ENDED, Outcome.NOT_ELIGIBLE, Outcome.NOT_RENEWED)


class Comparison(models.Model):
    """A period beside the one before it; counted by a job, as of a moment."""

    period = models.OneToOneField(Period, models.PROTECT, related_name="comparison", verbose_name=_("period"))
    before = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name=_("period before"))
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    counted_at = models.DateTimeField(_("counted at"), null=True)

    objects = ScopedQuerySet.as_manager()

    without_history = "Counted from covers of two periods, and counted anew."
    scope = program_scope("program__")
    personal_fields = ()
    open_fields = ("id", "period", "before", "program", "counted_at")

    class Meta:
        verbose_name = _("comparison of years")
        verbose_name_plural = _("comparisons of years")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        permissions = [("count_comparison", _("Can have comparisons of years counted anew"))]
        constraints = [
            models.CheckConstraint(name="comparison_of_two_periods", condition=~Q(period=F("before"))),
        ]

    def __str__(self) -> str:
        return f"{self.period} / {self.before.code}"


class YearCount(models.Model):
    """People of one office, county, category and outcome; `split_before` and `split`: how their premiums are divided."""

    # Made of enrollments, which are held to all of these.
    comparison = models.ForeignKey(Comparison, models.CASCADE, related_name="counts")
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    #: The county's: of the new cover, of the one before for who left.
    region_code = models.CharField(max_length=12, db_collation="C")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    outcome = models.CharField(max_length=12, choices=Outcome, db_collation="C")
    split_before = models.ForeignKey(
        FundingSplit, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    split = models.ForeignKey(FundingSplit, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    people = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    # An insurer and the funders read the sums of their programs, small ones hidden.
    without_history = "Counted from covers of two periods, and counted anew."
    scope = Scope.any_of(
        Scope(organization_path="organization__path", region="region_code", program="program_id"),
        Scope(organization_path="program__insurer__path", program="program_id", reading_only=True),
        Scope(
            organization_path="program__budgets__funder__organization__path", program="program_id", many=True,
            reading_only=True,
        ),
    )
    personal_fields = ()
    open_fields = (
        "id", "comparison", "program", "organization", "region_code", "category", "outcome", "split_before", "split", "people",
    )

    class Meta:
        verbose_name = _("count of a comparison")
        verbose_name_plural = _("counts of comparisons")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(name="year_count_counts_somebody", condition=Q(people__gt=0)),
            models.CheckConstraint(
                name="year_count_has_its_sides",
                condition=Q(outcome="renewed", split__isnull=False, split_before__isnull=False)
                | Q(outcome="new", split__isnull=False, split_before__isnull=True)
                | (~Q(outcome__in=("renewed", "new")) & Q(split__isnull=True, split_before__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.comparison_id} {self.outcome} {self.people}"


class YearLeft(models.Model):
    """Somebody who was covered in the period before and is not in this one, and why."""

    comparison = models.ForeignKey(Comparison, models.CASCADE, related_name="left", verbose_name=_("comparison"))
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="+", verbose_name=_("cover before"), db_constraint=False
    )
    program = models.ForeignKey(
        Program, models.PROTECT, related_name="+", verbose_name=_("program"), db_constraint=False, db_index=False
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("office"), db_constraint=False, db_index=False
    )
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="+", verbose_name=_("category"), db_constraint=False, db_index=False
    )
    outcome = models.CharField(_("what became of them"), max_length=12, choices=Outcome, db_collation="C")
    #: Of who is no longer eligible: the first rule that is broken. Of an early end: its reason.
    reason = models.CharField(_("reason"), max_length=12, blank=True, default="", db_collation="C")

    objects = ScopedQuerySet.as_manager()

    without_history = "Counted from covers of two periods, and counted anew."
    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "comparison", "enrollment", "program", "organization", "region_code", "category", "outcome", "reason",
    )

    class Meta:
        verbose_name = _("person who left")
        verbose_name_plural = _("people who left")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        constraints = [models.UniqueConstraint(name="year_left_once", fields=["comparison", "enrollment"])]
        indexes = [
            models.Index(fields=["comparison", "outcome", "id"], name="year_left_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
