"""A sample and its covers: fixed when it is drawn; what the auditor found stands beside each."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from closing.models import MonthClosing
from payouts.models import BatchLine
from programs.models import Category, Period, Program
from results.models import Result

MOST = 500


class Subject(models.TextChoices):
    """What is drawn."""

    COVERS = "covers", _("Covers")
    PAYOUTS = "payouts", _("Payouts by us")
    REPORTED = "reported", _("Payouts reported by an insurer")


class Stratum(models.TextChoices):
    """Whether covers are drawn from the whole, or from each part in proportion."""

    NONE = "none", _("Not stratified")
    COUNTY = "county", _("By county")
    CATEGORY = "category", _("By category")


class Finding(models.TextChoices):
    """What the auditor says of a cover."""

    OPEN = "open", _("To be looked at")
    CORRECT = "correct", _("No fault found")
    FAULT = "fault", _("Finding")


@tracked
class Sample(models.Model):
    """Which covers or payouts were meant, and by which seed some were drawn: with both, anybody draws the same again."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("period"))
    #: A closed month: covers begun in it.
    closing = models.ForeignKey(
        MonthClosing, models.PROTECT, null=True, blank=True, related_name="samples", verbose_name=_("closed month")
    )
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C", blank=True, default="")
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category")
    )
    subject = models.CharField(_("what is drawn"), max_length=8, choices=Subject, default=Subject.COVERS, db_collation="C")
    stratum = models.CharField(_("strata"), max_length=8, choices=Stratum, default=Stratum.NONE, db_collation="C")
    #: Payouts of more yuan are drawn more often.
    is_weighted = models.BooleanField(_("weighted by sum"), default=False)
    size = models.PositiveIntegerField(_("covers to draw"))
    seed = models.CharField(_("seed"), max_length=64, db_collation="C")
    #: What the auditor wants to know.
    purpose = models.CharField(_("purpose"), max_length=300)
    population = models.BigIntegerField(_("covers in all"), default=0)
    #: SHA-256 of all their numbers in ascending order, each followed by a line feed.
    population_digest = models.CharField(max_length=64, db_collation="C", blank=True, default="")
    #: The same of those drawn, in the order of the draw.
    digest = models.CharField(max_length=64, db_collation="C", blank=True, default="")
    drawn_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drawn by"))
    drawn_at = models.DateTimeField(_("drawn at"))
    conclusion = models.CharField(_("conclusion"), max_length=1000, blank=True, default="")
    finished_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("finished by"))
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "closing", "organization", "region_code", "category", "subject",
        "stratum", "is_weighted", "size", "seed", "purpose", "population", "population_digest", "digest", "drawn_by",
        "drawn_at", "conclusion", "finished_by", "finished_at",
    )

    class Meta:
        verbose_name = _("audit sample")
        verbose_name_plural = _("audit samples")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("draw_sample", _("Can draw samples for audit and note what was found"))]
        constraints = [
            models.CheckConstraint(name="sample_size_is_bounded", condition=Q(size__gte=1, size__lte=MOST)),
            models.CheckConstraint(name="sample_has_a_seed", condition=~Q(seed="")),
            models.CheckConstraint(name="sample_weighs_payouts_alone", condition=Q(is_weighted=False) | ~Q(subject="covers")),
            models.CheckConstraint(
                name="sample_finished_with_a_conclusion",
                condition=Q(finished_at__isnull=True, finished_by__isnull=True, conclusion="")
                | (Q(finished_at__isnull=False, finished_by__isnull=False) & ~Q(conclusion="")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="sample_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="sample_stands_as_drawn", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "period", "closing", "organization", "region_code", "category", "subject", "stratum", "is_weighted",
                    "size", "seed", "purpose", "drawn_by", "drawn_at",
                ),
            ),
            pgtrigger.Protect(
                name="sample_draw_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__digest__gt="")
                & (
                    pgtrigger.Q(old__digest__df=pgtrigger.F("new__digest"))
                    | pgtrigger.Q(old__population__df=pgtrigger.F("new__population"))
                    | pgtrigger.Q(old__population_digest__df=pgtrigger.F("new__population_digest"))
                ),
            ),
            pgtrigger.Protect(
                name="sample_finished_stands", operation=pgtrigger.Update, condition=pgtrigger.Q(old__finished_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


@tracked
class SampleItem(models.Model):
    """One cover or payout of a sample, in the order of the draw, and what the auditor found. A payout's cover is named, too."""

    sample = models.ForeignKey(Sample, models.PROTECT, related_name="items", verbose_name=_("audit sample"))
    position = models.PositiveIntegerField(_("no."))
    #: The county or the category by which it was drawn; empty where the draw was not stratified.
    stratum = models.CharField(_("stratum"), max_length=20, blank=True, default="", db_collation="C")
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="+", db_constraint=False, verbose_name=_("enrollment")
    )
    #: Of a payout: our line of a batch, or what an insurer reported.
    payout = models.ForeignKey(
        BatchLine, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("payout line")
    )
    reported = models.ForeignKey(
        Result, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False, verbose_name=_("payout result")
    )
    #: Of a payout, yuan.
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2, null=True)
    number = models.CharField(_("cover number"), max_length=60, db_collation="C")
    rank = models.CharField(max_length=64, db_collation="C")
    finding = models.CharField(_("result"), max_length=7, choices=Finding, default=Finding.OPEN, db_collation="C")
    note = models.CharField(_("note"), max_length=1000, blank=True, default="")
    noted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("noted by"))
    noted_at = models.DateTimeField(_("noted at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="sample__organization__path", region="sample__region_code", program="sample__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "sample", "position", "stratum", "enrollment", "payout", "reported", "amount", "number", "rank", "finding", "note",
        "noted_by", "noted_at",
    )

    class Meta:
        verbose_name = _("cover of a sample")
        verbose_name_plural = _("covers of samples")
        ordering = ["sample", "position"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="sample_item_once", fields=["sample", "position"]),
            models.UniqueConstraint(
                name="sample_cover_once", fields=["sample", "enrollment"], condition=Q(payout__isnull=True, reported__isnull=True)
            ),
            models.UniqueConstraint(name="sample_payout_once", fields=["sample", "payout"], condition=Q(payout__isnull=False)),
            models.UniqueConstraint(
                name="sample_reported_once", fields=["sample", "reported"], condition=Q(reported__isnull=False)
            ),
            models.CheckConstraint(
                name="sample_item_is_of_one_payout",
                condition=Q(payout__isnull=True, reported__isnull=True, amount__isnull=True)
                | (Q(amount__isnull=False) & (Q(payout__isnull=False) ^ Q(reported__isnull=False))),
            ),
            models.CheckConstraint(
                name="sample_finding_says_what", condition=~Q(finding="fault") | ~Q(note=""),
            ),
            models.CheckConstraint(
                name="sample_item_noted_by_somebody",
                condition=Q(finding="open") | Q(noted_by__isnull=False, noted_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="sample_item_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="sample_item_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "sample", "position", "stratum", "enrollment", "payout", "reported", "amount", "number", "rank"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
