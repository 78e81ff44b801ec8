"""Lists that plans and claims look things up in: hospitals by their national code, and codes by system."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Self

import pgtrigger
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet

#: H, the six digits of a county, five of its own.
HOSPITAL_CODE = r"H[0-9]{11}"
#: Printable, without blanks: as systems of codes write them (2-02-10-05, E11.900x001, 010101).
PLAIN_CODE = r"[A-Za-z0-9][A-Za-z0-9.*+/_-]*"


class HospitalQuerySet(ScopedQuerySet):
    """Chainable words about hospitals."""

    def designated_on(self, day: date) -> Self:
        """Hospitals where basic insurance counts on a day."""
        return self.filter(designated=True).filter(
            Q(designated_from__isnull=True) | Q(designated_from__lte=day),
            Q(designated_to__isnull=True) | Q(designated_to__gt=day),
        )


@tracked
class Hospital(models.Model):
    """A medical institution of the national list; one that is closed stays, since old bills name it."""

    class Level(models.IntegerChoices):
        """As conditions of a plan count it."""

        UNGRADED = 0, _("Ungraded")
        FIRST = 1, _("Level one")
        SECOND = 2, _("Level two")
        THIRD = 3, _("Level three")

    class Grade(models.TextChoices):
        """Within a level."""

        A = "A", _("Grade A")
        B = "B", _("Grade B")
        C = "C", _("Grade C")

    code = models.CharField(
        _("national code"), max_length=12, unique=True, db_collation="C",
        validators=[RegexValidator(f"^{HOSPITAL_CODE}$", _("H and 11 digits, as in the national list."))],
    )
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=100)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level, default=Level.UNGRADED)
    grade = models.CharField(_("grade"), max_length=1, choices=Grade, blank=True, default="", db_collation="C")
    #: None where the list does not say it.
    public = models.BooleanField(_("public"), null=True, blank=True)
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    designated = models.BooleanField(_("designated"), default=True)
    designated_from = models.DateField(_("designated from"), null=True, blank=True)
    designated_to = models.DateField(
        _("designated to"), null=True, blank=True, help_text=_("The first day on which it is no longer designated.")
    )

    objects = HospitalQuerySet.as_manager()

    scope = Scope.shared()
    personal_fields = ()
    open_fields = (
        "id", "code", "name", "level", "grade", "public", "region_code", "designated", "designated_from", "designated_to",
    )

    class Meta:
        verbose_name = _("hospital")
        verbose_name_plural = _("hospitals")
        ordering = ["code"]
        permissions = [("import_hospital", _("Can import hospitals")), ("export_hospital", _("Can export hospitals"))]
        indexes = [
            models.Index(fields=["name"], name="hospital_by_name"), models.Index(fields=["region_code"], name="hospital_by_region"),
        ]
        constraints = [
            models.CheckConstraint(name="hospital_code_is_national", condition=Q(code__regex=f"^{HOSPITAL_CODE}$")),
            models.CheckConstraint(name="hospital_level_is_known", condition=Q(level__in=[0, 1, 2, 3])),
            models.CheckConstraint(
                name="hospital_grade_is_within_a_level",
                condition=Q(grade="") | (Q(grade__in=["A", "B", "C"]) & Q(level__gt=0)),
                violation_error_message=_("An ungraded hospital has no grade."),
            ),
            models.CheckConstraint(
                name="hospital_days_belong_to_designation",
                condition=Q(designated=True) | Q(designated_from__isnull=True, designated_to__isnull=True),
                violation_error_message=_("Days of designation belong to a designated hospital."),
            ),
            models.CheckConstraint(
                name="hospital_designation_ends_after_it_begins",
                condition=Q(designated_from__isnull=True) | Q(designated_to__isnull=True)
                | Q(designated_to__gt=F("designated_from")),
                violation_error_message=_("The designation ends after it begins."),
            ),
        ]
        triggers = [pgtrigger.Protect(name="hospital_is_never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name

    def is_designated(self, *, on: date) -> bool:
        """Whether basic insurance counts there on a day."""
        return (
            self.designated and (self.designated_from is None or self.designated_from <= on)
            and (self.designated_to is None or on < self.designated_to)
        )


class CodeQuerySet(ScopedQuerySet):
    """Chainable words about codes."""

    def live(self, *, on: date) -> Self:
        """Codes that hold on a day."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=on), Q(valid_to__isnull=True) | Q(valid_to__gt=on)
        )


_OWN = Scope(organization_path="organization__path", region="organization__region_code")


@tracked
class Code(models.Model):
    """One code of a system: the portal's, for everybody, or an organization's own table beside it.

    An organization's codes are its own and those below it read them, as do the offices of programs that it insures.
    """

    class System(models.TextChoices):
        """What the codes are of."""

        OCCUPATION = "occupation", _("Occupations")
        DIAGNOSIS = "diagnosis", _("Diagnoses")
        DRUG = "drug", _("Special drugs")

    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="codes", verbose_name=_("kept by"),
    )
    system = models.CharField(_("system"), max_length=12, choices=System, db_collation="C")
    code = models.CharField(
        _("code"), max_length=40, db_collation="C",
        validators=[RegexValidator(f"^{PLAIN_CODE}$", _("Letters, digits and . * + / _ - without blanks."))],
    )
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=200)
    #: An occupation's class (1 to 6, 7 is refused), a diagnosis's chapter.
    group = models.CharField(_("class or chapter"), max_length=40, blank=True, default="")
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(
        _("valid to"), null=True, blank=True, help_text=_("The first day on which it no longer holds.")
    )

    objects = CodeQuerySet.as_manager()

    scope = Scope.any_of(
        Scope(unowned="organization"),
        _OWN,
        replace(_OWN, upward=True, reading_only=True),
        Scope(
            organization_path="organization__insured_programs__organization__path",
            region="organization__insured_programs__region_code", program="organization__insured_programs__id", upward=True,
            many=True, reading_only=True,
        ),
    )
    personal_fields = ()
    open_fields = ("id", "organization", "system", "code", "name", "group", "valid_from", "valid_to")

    class Meta:
        verbose_name = _("code")
        verbose_name_plural = _("codes")
        ordering = ["system", "code", "id"]
        permissions = [("import_code", _("Can import codes")), ("export_code", _("Can export codes"))]
        indexes = [models.Index(fields=["name"], name="code_by_name")]
        constraints = [
            models.UniqueConstraint(
                name="code_once_in_the_portals_table", fields=["system", "code"], condition=Q(organization__isnull=True)
            ),
            models.UniqueConstraint(
                name="code_once_in_an_own_table", fields=["organization", "system", "code"],
                condition=Q(organization__isnull=False),
            ),
            models.CheckConstraint(
                name="code_system_is_known", condition=Q(system__in=["occupation", "diagnosis", "drug"])
            ),
            models.CheckConstraint(name="code_is_plain", condition=Q(code__regex=f"^{PLAIN_CODE}$")),
            models.CheckConstraint(
                name="code_ends_after_it_begins",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                violation_error_message=_("The code ends after it begins."),
            ),
        ]
        triggers = [pgtrigger.Protect(name="code_is_never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def is_live(self, *, on: date) -> bool:
        """Whether it holds on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)
