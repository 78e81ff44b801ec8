"""How long a program keeps one kind of record: proposed by one person, put in force by another; one row is one version."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from programs.models import Program
from retention.terms import RULES, Kind, Unit, in_words


class TermState(models.TextChoices):
    """Where a version stands."""

    PROPOSED = "proposed", _("To be approved")
    IN_FORCE = "in_force", _("In force")
    DECLINED = "declined", _("Declined")
    REPLACED = "replaced", _("Replaced by a later one")


def program_scope(prefix: str = "") -> Scope:
    """Of the office that operates the program."""
    return Scope(
        organization_path=f"{prefix}program__organization__path", region=f"{prefix}program__region_code",
        program=f"{prefix}program_id",
    )


def _least() -> Q:
    """Each kind in its unit, and no less than the law asks."""
    held = Q()
    for kind, rule in RULES.items():
        held |= Q(kind=str(kind), unit=str(rule.unit.value), length__gte=rule.least)
    return held


@tracked
class RetentionTerm(models.Model):
    """A length in years or days, and why."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="retention_terms", verbose_name=_("program"))
    kind = models.CharField(_("kind of records"), max_length=9, choices=Kind, db_collation="C")
    length = models.PositiveIntegerField(_("kept for"))
    unit = models.CharField(_("unit"), max_length=5, choices=Unit, db_collation="C")
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=8, choices=TermState, default=TermState.PROPOSED, db_collation="C")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = program_scope()
    personal_fields = ()
    open_fields = (
        "id", "program", "kind", "length", "unit", "reason", "state", "proposed_by", "proposed_at", "decided_by", "decided_at",
        "answer",
    )

    class Meta:
        verbose_name = _("retention term")
        verbose_name_plural = _("retention terms")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("propose_term", _("Can propose how long records are kept")),
            ("approve_term", _("Can approve how long records are kept")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="retention_term_in_force_once", fields=["program", "kind"], condition=Q(state="in_force")
            ),
            models.UniqueConstraint(
                name="retention_term_waits_once", fields=["program", "kind"], condition=Q(state="proposed")
            ),
            models.CheckConstraint(name="retention_term_within_the_law", condition=_least()),
            models.CheckConstraint(name="retention_term_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="retention_term_decided_by_another",
                condition=Q(state="proposed", decided_by__isnull=True)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("proposed_by"))),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="retention_term_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="retention_term_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("program", "kind", "length", "unit", "reason", "proposed_by", "proposed_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.in_words}"

    @property
    def in_words(self) -> str:
        """Its length."""
        return in_words(self.length, self.unit)
