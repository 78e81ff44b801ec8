"""Programs, and the hardship categories that their plans name."""

from __future__ import annotations

from dataclasses import replace

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet


def program_scope(prefix: str = "") -> Scope:
    """Who sees what belongs to a program: its operating office and what is above it, which alone change it; offices
    below, its insurer and its funders read it."""
    key = f"{prefix}id" if not prefix else prefix.removesuffix("__") + "_id"
    office = Scope(organization_path=f"{prefix}organization__path", region=f"{prefix}region_code", program=key)
    return Scope.any_of(
        office,
        replace(office, upward=True, reading_only=True),
        Scope(organization_path=f"{prefix}insurer__path", program=key, reading_only=True),
        Scope(
            organization_path=f"{prefix}budgets__funder__organization__path", program=key, many=True, reading_only=True
        ),
    )


@tracked
class Category(models.Model):
    """A hardship category of the field's own words; a person may have several."""

    code = models.CharField(_("code"), max_length=20, unique=True, db_collation="C")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60, unique=True)
    synonyms = ArrayField(models.CharField(max_length=60), verbose_name=_("other words"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    #: Nobody has to prove it: what a plan names that is open to all.
    holds_for_everybody = models.BooleanField(_("holds for everybody"), default=False)
    active = models.BooleanField(_("active"), default=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope.shared()
    personal_fields = ()
    open_fields = ("id", "code", "name", "synonyms", "position", "holds_for_everybody", "active")
    name_fields = ("name",)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "code"]
        permissions = [("import_category", _("Can import categories")), ("export_category", _("Can export categories"))]
        constraints = [models.CheckConstraint(name="category_code_is_plain", condition=Q(code__regex="^[a-z][a-z_]+$"))]
        # Enrollments of millions name it without a foreign key of their own: it is set inactive instead.
        triggers = [pgtrigger.Protect(name="category_is_never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name


@tracked
class Program(models.Model):
    """One insurance program of one place: 爱心保, 惠民保 or day cover."""

    class Kind(models.TextChoices):
        """The three kinds share one model; terms and rules tell them apart."""

        HARDSHIP = "hardship", _("Subsidised cover for people in hardship")
        SUPPLEMENTARY = "supplementary", _("City supplementary medical insurance")
        DAY_COVER = "day_cover", _("Day cover for gig workers")

    code = models.CharField(_("code"), max_length=20, unique=True, db_collation="C")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind, db_collation="C")
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="programs", verbose_name=_("operating office")
    )
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    insurer = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="insured_programs", verbose_name=_("insurer")
    )
    active = models.BooleanField(_("active"), default=True)

    objects = ScopedQuerySet.as_manager()

    scope = program_scope()
    personal_fields = ()
    open_fields = ("id", "code", "name", "kind", "organization", "region_code", "insurer", "active")
    name_fields = ("name",)

    class Meta:
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="program_code_is_plain", condition=Q(code__regex="^[A-Z][A-Z0-9]{1,19}$")),
            models.CheckConstraint(name="program_kind_is_known", condition=Q(kind__in=["hardship", "supplementary", "day_cover"])),
        ]

    def __str__(self) -> str:
        return self.name
