"""Organizations as a tree with a materialised path; a path is written only by the actions."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.region import Region
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet

ROOT_PATH = "/"


class OrganizationQuerySet(ScopedQuerySet):
    """Chainable words about organizations."""

    def active(self) -> Self:
        """Organizations that still work."""
        return self.filter(active=True)

    def at_or_below(self, organization: Organization) -> Self:
        """An organization and everything below it."""
        return self.filter(path__startswith=organization.path)


@tracked
class Organization(models.Model):
    """An office, charity, insurer, platform, hospital or operator.

    `path` is "/1/5/": every ancestor's id and its own. The database holds it to the parent's path: a composite
    foreign key (parent, parent_path) -> (id, path), so a circle or a stale path cannot be stored.
    """

    class Kind(models.TextChoices):
        """What an organization is to the programs."""

        GOVERNMENT = "government", _("Government office")
        CHARITY = "charity", _("Charity")
        INSURER = "insurer", _("Insurer")
        PLATFORM = "platform", _("Platform")
        HOSPITAL = "hospital", _("Hospital")
        OPERATOR = "operator", _("Operator")

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="organizations", verbose_name=_("region"),
        help_text=_("Empty: the whole country."),
    )
    region_code = models.CharField(_("region code"), max_length=12, blank=True, default="", db_collation="C")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    parent_path = models.CharField(max_length=500, default=ROOT_PATH, editable=False, db_collation="C")
    path = models.CharField(_("path"), max_length=500, editable=False, unique=True, db_collation="C")
    uscc = models.CharField(
        _("unified social credit code"), max_length=18, blank=True, default="", db_collation="C"
    )
    active = models.BooleanField(_("active"), default=True)

    objects = OrganizationQuerySet.as_manager()

    scope = Scope(organization_path="path", region="region_code")
    personal_fields = ()
    open_fields = (
        "id", "name", "short_name", "kind", "region", "region_code", "parent", "parent_path", "path", "uscc", "active",
    )
    name_fields = ("name", "short_name")

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                name="organization_path_ends_in_own_id",
                condition=Q(path=Concat("parent_path", Cast("id", models.CharField()), Value("/"))),
            ),
            models.CheckConstraint(
                name="organization_root_has_root_path",
                condition=Q(parent__isnull=False) | Q(parent_path=ROOT_PATH),
            ),
            models.CheckConstraint(
                name="organization_region_code_is_region",
                condition=Q(region_code=Coalesce("region", Value(""), output_field=models.CharField())),
            ),
            models.UniqueConstraint(name="organization_id_and_path", fields=["id", "path"]),
            models.UniqueConstraint(name="organization_uscc_once", fields=["uscc"], condition=~Q(uscc="")),
            models.UniqueConstraint(name="organization_name_once_below_parent", fields=["parent_path", "name"]),
        ]

    def __str__(self) -> str:
        return self.short_name or self.name

    @property
    def depth(self) -> int:
        """How many organizations lie above."""
        return self.path.count("/") - 2
