"""Who pays a premium: funders, schemes of a plan, and the divisions that they come to."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization
from audit.history import tracked
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from programs.models.plan import Plan, child_of_draft
from programs.models.program import Category, program_scope


@tracked
class Funder(models.Model):
    """Who pays a share besides the insured person."""

    class Kind(models.TextChoices):
        """As subsidy statements name them."""

        GOVERNMENT = "government", _("Government")
        FOUNDATION = "foundation", _("Foundation")
        ENTERPRISE = "enterprise", _("Enterprise")
        COLLECTIVE = "collective", _("Village collective")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, db_collation="C")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=100, unique=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="funders", verbose_name=_("organization")
    )
    region_code = models.CharField(
        _("region"), max_length=12, blank=True, default="", db_collation="C",
        help_text=_("Of a government: the county, city or province that pays."),
    )
    active = models.BooleanField(_("active"), default=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope.any_of(
        Scope(organization_path="organization__path", region="region_code"),
        Scope(
            organization_path="budgets__program__organization__path", region="budgets__program__region_code",
            program="budgets__program_id", many=True, upward=True, reading_only=True, by_dealings=True,
        ),
    )
    personal_fields = ()
    open_fields = ("id", "kind", "name", "organization", "region_code", "active")

    class Meta:
        verbose_name = _("funder")
        verbose_name_plural = _("funders")
        ordering = ["name"]
        permissions = [("view_statement", _("Can read statements of funders"))]
        constraints = [
            models.UniqueConstraint(
                name="funder_one_government_per_region", fields=["region_code"],
                condition=Q(kind="government", active=True),
            ),
            models.CheckConstraint(
                name="funder_government_has_region", condition=~Q(kind="government") | ~Q(region_code="")
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked
class FundingScheme(models.Model):
    """How a plan's premium is divided, for one category or all, in one region or all: the narrowest that fits counts."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="schemes", verbose_name=_("plan"))
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category"),
        help_text=_("Empty: every category."),
    )
    region_prefix = models.CharField(
        _("region"), max_length=12, blank=True, default="", db_collation="C", help_text=_("Empty: everywhere.")
    )

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("plan__program__")
    personal_fields = ()
    open_fields = ("id", "plan", "name", "category", "region_prefix")

    class Meta:
        verbose_name = _("funding scheme")
        verbose_name_plural = _("funding schemes")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="funding_scheme_once", fields=["plan", "category", "region_prefix"], nulls_distinct=False
            ),
        ]
        triggers = [child_of_draft("funding_scheme_stands", "{row}.plan_id")]

    def __str__(self) -> str:
        return self.name


@tracked
class FundingShare(models.Model):
    """One payer's share, in order; the last one takes the remainder."""

    class Payer(models.TextChoices):
        """Whose purse."""

        PERSON = "person", _("The insured person")
        COUNTY = "county", _("The person's own county")
        FUNDER = "funder", _("A funder")

    scheme = models.ForeignKey(FundingScheme, models.CASCADE, related_name="shares", verbose_name=_("scheme"))
    position = models.PositiveSmallIntegerField(_("order"))
    payer = models.CharField(_("payer"), max_length=6, choices=Payer, db_collation="C")
    funder = models.ForeignKey(
        Funder, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("funder")
    )
    amount = models.DecimalField(
        _("amount"), max_digits=16, decimal_places=2, null=True, blank=True,
        help_text=_("Yuan; empty: the remainder."),
    )

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("scheme__plan__program__")
    personal_fields = ()
    open_fields = ("id", "scheme", "position", "payer", "funder", "amount")

    class Meta:
        verbose_name = _("funding share")
        verbose_name_plural = _("funding shares")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="funding_share_position_once", fields=["scheme", "position"]),
            models.CheckConstraint(
                name="funding_share_names_its_funder",
                condition=Q(payer="funder", funder__isnull=False) | (~Q(payer="funder") & Q(funder__isnull=True)),
            ),
            models.CheckConstraint(
                name="funding_share_not_negative", condition=Q(amount__isnull=True) | Q(amount__gte=0)
            ),
        ]
        triggers = [
            child_of_draft(
                "funding_share_stands", "(SELECT plan_id FROM programs_fundingscheme WHERE id = {row}.scheme_id)"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_payer_display()} {self.position}"


_SUM_FITS = """
    IF EXISTS (
        SELECT 1 FROM programs_fundingsplit s WHERE s.id = {split} AND s.premium <> s.own_share + coalesce(
            (SELECT sum(l.amount) FROM programs_fundingsplitline l WHERE l.split_id = s.id), 0)
    ) THEN
        RAISE EXCEPTION 'the shares of a premium do not sum to it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""


def _sum_fits(name: str, split: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Row, when=pgtrigger.After, operation=pgtrigger.Insert, timing=pgtrigger.Deferred,
        func=_SUM_FITS.format(split=split),
    )


class FundingSplit(models.Model):
    """One division of one premium to the fen. A few dozen serve millions of enrollments; never changed."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="splits")
    key = models.CharField(max_length=200, db_collation="C")
    premium = models.DecimalField(_("premium"), max_digits=16, decimal_places=2)
    own_share = models.DecimalField(_("own share"), max_digits=16, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("plan__program__")
    personal_fields = ()
    open_fields = ("id", "plan", "key", "premium", "own_share")

    class Meta:
        verbose_name = _("division of a premium")
        verbose_name_plural = _("divisions of premiums")
        constraints = [
            models.UniqueConstraint(name="funding_split_once", fields=["plan", "key"]),
            models.CheckConstraint(
                name="funding_split_own_share_within_premium",
                condition=Q(own_share__gte=0, premium__gte=models.F("own_share")),
            ),
        ]
        triggers = [*append_only("funding_split"), _sum_fits("funding_split_sums", "NEW.id")]

    def __str__(self) -> str:
        return self.key


class FundingSplitLine(models.Model):
    """What one funder pays of one division."""

    split = models.ForeignKey(FundingSplit, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    funder = models.ForeignKey(Funder, models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("split__plan__program__")
    personal_fields = ()
    open_fields = ("id", "split", "position", "funder", "amount")

    class Meta:
        verbose_name = _("part of a division")
        verbose_name_plural = _("parts of divisions")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="funding_split_line_once", fields=["split", "position"]),
            models.CheckConstraint(name="funding_split_line_not_negative", condition=Q(amount__gte=0)),
        ]
        triggers = [*append_only("funding_split_line"), _sum_fits("funding_split_line_sums", "NEW.split_id")]

    def __str__(self) -> str:
        return f"{self.split_id} {self.position}"
