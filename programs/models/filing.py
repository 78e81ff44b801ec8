"""What stands behind a plan version besides its terms: who insures it together, the papers it is filed with, what is expected."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import ScopedQuerySet
from programs.models.plan import Plan, child_of_draft, plan_scope
from programs.rules.coinsurance import LEAST, WHOLE


class PlanInsurerQuerySet(ScopedQuerySet):
    """Chainable words about insurers of plans."""

    def of_readers_own(self, user: Any, permission: str) -> PlanInsurerQuerySet:
        """Rows of the insurers that a reader works for: of a co-insurer its own, whatever else its plan shows it."""
        reach = Q(pk__in=[])
        for path in {grant.organization_path for grant in user.grants(permission)}:
            reach |= Q(insurer__path__startswith=path)
        return self.filter(reach)


@tracked
class PlanInsurer(models.Model):
    """One of several insurers of a plan version: its share in percent, and whether it leads. Of one insurer there is no row."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="insurers", verbose_name=_("plan"))
    insurer = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("insurer"),
        limit_choices_to={"kind": Organization.Kind.INSURER, "active": True},
    )
    share = models.DecimalField(
        _("share (percent)"), max_digits=7, decimal_places=4, validators=[MinValueValidator(LEAST), MaxValueValidator(WHOLE)]
    )
    lead = models.BooleanField(_("leads"), default=False)

    objects = PlanInsurerQuerySet.as_manager()

    scope = plan_scope("plan__")
    personal_fields = ()
    open_fields = ("id", "plan", "insurer", "share", "lead")

    class Meta:
        verbose_name = _("insurer of a plan")
        verbose_name_plural = _("insurers of plans")
        ordering = ["-lead", "-share", "id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="plan_insurer_once", fields=["plan", "insurer"]),
            models.UniqueConstraint(name="plan_insurer_one_leads", fields=["plan"], condition=Q(lead=True)),
            models.CheckConstraint(name="plan_insurer_share_is_a_part", condition=Q(share__gt=0, share__lte=100)),
        ]
        triggers = [child_of_draft("plan_insurer_stands", "{row}.plan_id")]

    def __str__(self) -> str:
        return f"{self.insurer}"


class PaperKind(models.TextChoices):
    """What a paper is to the regulator."""

    AUTHORIZATION = "authorization", _("Authorization")
    ACTUARIAL_OPINION = "actuarial_opinion", _("Actuarial opinion")
    LEGAL_OPINION = "legal_opinion", _("Legal opinion")
    OTHER = "other", _("Other paper")


class PaperType(models.TextChoices):
    """What a paper's file is, by its content."""

    PDF = "application/pdf", "PDF"
    JPEG = "image/jpeg", "JPEG"
    PNG = "image/png", "PNG"


@tracked
class PlanPaper(models.Model):
    """A paper that a plan version is filed with: sealed in the storage, known by its digest, fixed once it is submitted."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="papers", verbose_name=_("plan"))
    kind = models.CharField(_("paper"), max_length=17, choices=PaperKind, db_collation="C")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=120)
    media_type = models.CharField(_("kind of file"), max_length=15, choices=PaperType, db_collation="C")
    size = models.PositiveIntegerField(_("size"), help_text=_("Bytes."))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, db_collation="C")
    storage_key = models.CharField(max_length=80, unique=True, db_collation="C")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded at"))

    objects = ScopedQuerySet.as_manager()

    scope = plan_scope("plan__")
    personal_fields = ()
    open_fields = (
        "id", "plan", "kind", "name", "media_type", "size", "sha256", "storage_key", "uploaded_by", "uploaded_at",
    )

    class Meta:
        verbose_name = _("paper of a plan")
        verbose_name_plural = _("papers of plans")
        ordering = ["id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="plan_paper_once", fields=["plan", "kind", "sha256"]),
            models.CheckConstraint(
                name="plan_paper_is_a_file", condition=Q(size__gt=0, sha256__regex=r"^[0-9a-f]{64}$") & ~Q(storage_key="")
            ),
        ]
        triggers = [child_of_draft("plan_paper_stands", "{row}.plan_id")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"


@tracked
class PlanExpectation(models.Model):
    """What the actuary expects of a period under a plan version: said before, and held against what came of it."""

    plan = models.OneToOneField(Plan, models.CASCADE, related_name="expectation", verbose_name=_("plan"))
    people = models.PositiveIntegerField(_("expected enrollments"), help_text=_("People of a period."))
    premium = models.DecimalField(_("expected premium"), max_digits=16, decimal_places=2, help_text=_("Yuan of a period."))
    claims = models.DecimalField(_("expected claims"), max_digits=16, decimal_places=2, help_text=_("Yuan of a period."))

    objects = ScopedQuerySet.as_manager()

    scope = plan_scope("plan__")
    personal_fields = ()
    open_fields = ("id", "plan", "people", "premium", "claims")

    class Meta:
        verbose_name = _("expectation of a plan")
        verbose_name_plural = _("expectations of plans")
        ordering = ["plan"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="plan_expectation_is_of_somebody", condition=Q(people__gt=0, premium__gt=0, claims__gte=0)
            ),
        ]
        triggers = [child_of_draft("plan_expectation_stands", "{row}.plan_id")]

    def __str__(self) -> str:
        return f"{self.plan}"

    @property
    def claims_ratio(self) -> Decimal:
        """Claims in percent of the premium, to two places."""
        return ratio(self.claims, self.premium)


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """In percent, to two places, rounded half up."""
    return (part * 100 / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
