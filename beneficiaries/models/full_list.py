"""A roster that is said to be the full list of a region or category, and the covered people whom it leaves out."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.enrollment import Enrollment
from beneficiaries.models.roster import Roster
from programs.models import Category


@tracked
class FullList(models.Model):
    """What somebody said of a roster: it names everybody of this region, and of this category where one is given."""

    roster = models.OneToOneField(Roster, models.PROTECT, related_name="full_list", verbose_name=_("roster"))
    region_prefix = models.CharField(_("region"), max_length=12, db_collation="C")
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category")
    )
    #: Whether cover of the missing is asked to be ended once the roster is approved.
    ends_missing = models.BooleanField(_("end the cover of who is missing"), default=False)
    people = models.PositiveIntegerField(_("people missing"), default=0)
    #: SHA-256 (hex) over the enrollments' ids: what is approved with the roster.
    digest = models.CharField(max_length=64, db_collation="C")
    reason = models.CharField(_("reason"), max_length=300)
    declared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("declared by"))
    declared_at = models.DateTimeField(_("declared at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="roster__organization__path", region="roster__region_code", program="roster__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "roster", "region_prefix", "category", "ends_missing", "people", "digest", "reason", "declared_by",
        "declared_at",
    )

    class Meta:
        verbose_name = _("full list")
        verbose_name_plural = _("full lists")

    def __str__(self) -> str:
        return f"{self.roster_id}"

    @property
    def said(self) -> tuple[Any, ...]:
        """What a second person approves with the rows."""
        return (self.region_prefix, self.category_id, self.ends_missing, self.people, self.digest, self.declared_by_id)


class MissingEnrollment(models.Model):
    """Live cover of somebody whom the full list does not name."""

    full_list = models.ForeignKey(FullList, models.CASCADE, related_name="missing", db_index=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    objects = ScopedQuerySet.as_manager()

    without_history = "Found by a comparison that can be made again."
    scope = Scope(
        organization_path="full_list__roster__organization__path", region="full_list__roster__region_code",
        program="full_list__roster__program_id",
    )
    personal_fields = ()
    open_fields = ("id", "full_list", "enrollment")

    class Meta:
        verbose_name = _("cover of a missing person")
        verbose_name_plural = _("covers of missing people")
        constraints = [models.UniqueConstraint(name="missing_enrollment_once", fields=["full_list", "enrollment"])]

    def __str__(self) -> str:
        return f"{self.full_list_id} {self.enrollment_id}"
