"""Regions of China from province to village; the code's length is the level, a prefix is a scope."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Length
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet

#: Lengths that a region code or a region prefix may have; "" is the whole country.
CODE_LENGTHS = (2, 4, 6, 9, 12)
CODE_PATTERN = "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$"
PREFIX_PATTERN = "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$"


class RegionQuerySet(ScopedQuerySet):
    """Chainable words about regions."""

    def live(self, *, on: date) -> Self:
        """Regions that exist on a day."""
        return self.filter(Q(valid_from__isnull=True) | Q(valid_from__lte=on)).filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=on)
        )

    def below(self, prefix: str) -> Self:
        """Regions whose code begins with a prefix (a range on the C-collated key)."""
        return self.filter(code__startswith=prefix)

    def names_of(self, codes: Iterable[str]) -> dict[str, str]:
        """Each code's place as its county's people say it (县, 镇, 村 in one word), in one question."""
        wanted = {code for code in codes if code}
        parts = {code[:size] for code in wanted for size in (6, 9, 12) if len(code) >= size} | wanted
        names = dict(self.filter(code__in=parts).values_list("code", "name")) if parts else {}
        return {
            code: "".join(names.get(code[:size], "") for size in (6, 9, 12) if len(code) >= size) or names.get(code, code)
            for code in wanted
        }


@tracked
class Region(models.Model):
    """One administrative division; retired ones stay, since old documents name them."""

    class Level(models.IntegerChoices):
        """Digits of the code."""

        PROVINCE = 2, _("Province")
        CITY = 4, _("City")
        COUNTY = 6, _("County or district")
        TOWN = 9, _("Town or street")
        VILLAGE = 12, _("Village or community")

    code = models.CharField(_("code"), max_length=12, primary_key=True, db_collation="C")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=100)
    full_name = models.CharField(_("full name"), max_length=300)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(
        _("valid to"), null=True, blank=True, help_text=_("The first day on which it no longer exists.")
    )
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="predecessors", verbose_name=_("successor")
    )

    objects = RegionQuerySet.as_manager()

    scope = Scope.shared()
    personal_fields = ()
    open_fields = ("code", "name", "full_name", "level", "parent", "valid_from", "valid_to", "successor")

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["code"]
        permissions = [
            ("import_region", _("Can import regions")),
            ("export_region", _("Can export regions")),
        ]
        indexes = [models.Index(fields=["name"], name="region_by_name")]
        constraints = [
            models.CheckConstraint(name="region_code_is_digits", condition=Q(code__regex=CODE_PATTERN)),
            models.CheckConstraint(name="region_level_is_code_length", condition=Q(level=Length("code"))),
            models.CheckConstraint(
                name="region_parent_is_code_prefix",
                condition=Q(level=2, parent__isnull=True)
                # A comparison with NULL is unknown, and a CHECK lets the unknown pass: say "is not null" too.
                | Q(level=4, parent__isnull=False, parent=Left("code", 2))
                | Q(level=6, parent__isnull=False, parent=Left("code", 4))
                | Q(level=9, parent__isnull=False, parent=Left("code", 6))
                | Q(level=12, parent__isnull=False, parent=Left("code", 9)),
            ),
            models.CheckConstraint(
                name="region_ends_after_it_begins",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.full_name}"

    def is_live(self, *, on: date) -> bool:
        """Whether the region exists on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)
