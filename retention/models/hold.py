"""Legal holds (保全): what must not be destroyed, whatever its term, because somebody needs it as evidence."""

from __future__ import annotations

from datetime import date
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Person, Roster
from programs.models import Program

#: What is held: one of these.
HELD = ("held_program", "held_organization", "person", "roster")


class LegalHoldQuerySet(ScopedQuerySet):
    """Chainable words about holds."""

    def standing(self, *, on: date) -> Self:
        """Which hold on a day."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), lifted_by__isnull=True)


@tracked
class LegalHold(models.Model):
    """A program, an organization with those below it, a person or a roster is held; by whom, why, until when."""

    held_program = models.ForeignKey(Program, models.PROTECT, null=True, related_name="+", verbose_name=_("program"))
    held_organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", verbose_name=_("organization")
    )
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    roster = models.ForeignKey(Roster, models.PROTECT, null=True, related_name="+", verbose_name=_("roster"))
    #: The office of what is held: of a person the one that knows them.
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, blank=True, default="", db_collation="C")
    program = models.ForeignKey(Program, models.PROTECT, null=True, related_name="+", verbose_name=_("of the program"))
    reason = models.CharField(_("reason"), max_length=300)
    ends_on = models.DateField(_("until"), null=True, help_text=_("The last day; empty: until it is lifted."))
    placed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("placed by"))
    placed_at = models.DateTimeField(_("placed at"))
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("lifted by"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True)
    lift_reason = models.CharField(_("why it was lifted"), max_length=300, blank=True, default="")

    objects = LegalHoldQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", *HELD, "organization", "region_code", "program", "reason", "ends_on", "placed_by", "placed_at", "lifted_by",
        "lifted_at", "lift_reason",
    )

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("place_hold", _("Can place legal holds and lift those of others"))]
        constraints = [
            models.CheckConstraint(
                name="legal_hold_of_one_thing",
                condition=Q(
                    *[Q(**{f"{name}__isnull": name != each for name in HELD}) for each in HELD], _connector=Q.OR
                ),
            ),
            models.CheckConstraint(name="legal_hold_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="legal_hold_lifted_by_another",
                condition=Q(lifted_by__isnull=True, lifted_at__isnull=True, lift_reason="")
                | (Q(lifted_by__isnull=False, lifted_at__isnull=False) & ~Q(lift_reason="") & ~Q(lifted_by=F("placed_by"))),
            ),
        ]
        indexes = [models.Index(fields=["organization"], name="legal_hold_standing", condition=Q(lifted_by__isnull=True))]
        triggers = [
            pgtrigger.Protect(name="legal_hold_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="legal_hold_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(*HELD, "organization", "reason", "ends_on", "placed_by", "placed_at"),
            ),
            pgtrigger.Protect(
                name="legal_hold_stays_lifted", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__lifted_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def held(self) -> str:
        """What is held, in words that name nobody."""
        if self.person_id is not None:
            return f"{Person._meta.verbose_name} {self.person_id}"
        if self.roster_id is not None:
            return f"{Roster._meta.verbose_name} {self.roster_id}"
        return str(self.held_program or self.held_organization)
