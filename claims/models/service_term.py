"""How long each step of a claim may take: by law, for everybody, and as a program or one of its plans promises."""

from __future__ import annotations

from datetime import date

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from claims.rules.clock import LONGEST, Term, Unit
from programs.models import Plan, Program
from programs.models.program import program_scope


class TermKind(models.TextChoices):
    """From what to what a term runs."""

    DECIDE = "decide", _("Decide: from the acceptance to the decision")
    DECIDE_COMPLEX = "decide_complex", _("Decide a complex case")
    PAY = "pay", _("Pay: from the agreement to the payment")
    REFUSAL_NOTICE = "refusal_notice", _("Tell of a refusal: from the decision to its notice")
    ASK_PAPERS = "ask_papers", _("Ask for missing papers: from the report to the request")


class TermSetting(models.TextChoices):
    """Of which cases."""

    ALL = "", _("All cases")
    INPATIENT = "inpatient", _("Inpatient")
    OUTPATIENT = "outpatient", _("Outpatient")


class TermUnit(models.TextChoices):
    """What is counted; values are those of `claims.rules.clock.Unit`."""

    CALENDAR = Unit.CALENDAR.value, _("calendar days")
    WORKING = Unit.WORKING.value, _("working days")


class TermState(models.TextChoices):
    """Where a version stands."""

    PROPOSED = "proposed", _("To be approved")
    IN_FORCE = "in_force", _("In force")
    DECLINED = "declined", _("Declined")


def length_in_words(days: int | None, unit: str) -> str:
    """So many days, or that nothing is promised."""
    if not days:
        return str(_("nothing promised any more"))
    if unit == TermUnit.WORKING:
        return ngettext("%(days)d working day", "%(days)d working days", days) % {"days": days}
    return ngettext("%(days)d calendar day", "%(days)d calendar days", days) % {"days": days}


_KEY = ("program", "plan", "kind", "setting")


@tracked
class ServiceTerm(models.Model):
    """One version. Of a law (no program) the operator of the portal keeps it; a program's is by two people.

    It holds from `valid_from` on, until the day before `valid_to`. `days` null: from then on nothing is promised any more.
    """

    program = models.ForeignKey(
        Program, models.PROTECT, null=True, blank=True, related_name="service_terms", verbose_name=_("program")
    )
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="service_terms", verbose_name=_("plan"))
    kind = models.CharField(_("term for"), max_length=14, choices=TermKind, db_collation="C")
    setting = models.CharField(
        _("cases"), max_length=10, choices=TermSetting, blank=True, default=TermSetting.ALL, db_collation="C"
    )
    days = models.PositiveSmallIntegerField(_("days"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=8, choices=TermUnit, default=TermUnit.CALENDAR, db_collation="C")
    source = models.CharField(_("laid down in"), max_length=200)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=TermState, default=TermState.PROPOSED, db_collation="C")
    #: Null: made by the portal itself.
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = Scope.any_of(Scope(unowned="program"), program_scope("program__"))
    personal_fields = ()
    open_fields = (
        "id", "program", "plan", "kind", "setting", "days", "unit", "source", "valid_from", "valid_to", "state", "proposed_by",
        "proposed_at", "decided_by", "decided_at", "answer",
    )

    class Meta:
        verbose_name = _("term of claims")
        verbose_name_plural = _("terms of claims")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("state_law_term", _("Can state the law's terms of claims")),
            ("propose_service_term", _("Can propose a promised term of claims")),
            ("approve_service_term", _("Can approve a promised term of claims")),
        ]
        indexes = [models.Index(fields=["program", "kind", "valid_from"], name="service_term_by_program")]
        constraints = [
            models.UniqueConstraint(
                name="service_term_open_once", fields=_KEY, condition=Q(state="in_force", valid_to__isnull=True),
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                name="service_term_begins_once", fields=[*_KEY, "valid_from"], condition=Q(state="in_force"),
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                name="service_term_waits_once", fields=_KEY, condition=Q(state="proposed"), nulls_distinct=False,
            ),
            models.CheckConstraint(name="service_term_kind_is_known", condition=Q(kind__in=TermKind.values)),
            models.CheckConstraint(name="service_term_setting_is_known", condition=Q(setting__in=TermSetting.values)),
            models.CheckConstraint(name="service_term_unit_is_known", condition=Q(unit__in=TermUnit.values)),
            models.CheckConstraint(
                name="service_term_days_are_counted", condition=Q(days__isnull=True) | Q(days__gte=1, days__lte=LONGEST),
            ),
            models.CheckConstraint(
                name="service_term_plan_of_a_program", condition=Q(plan__isnull=True) | Q(program__isnull=False)
            ),
            models.CheckConstraint(
                name="service_term_ends_after_it_begins", condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
            ),
            models.CheckConstraint(name="service_term_says_where_it_stands", condition=~Q(source="")),
            models.CheckConstraint(
                name="service_term_law_is_in_force", condition=Q(program__isnull=False) | Q(state="in_force"),
            ),
            models.CheckConstraint(
                name="service_term_decided_by_another",
                condition=Q(program__isnull=True, decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True, proposed_by__isnull=False)
                | (
                    Q(state__in=["in_force", "declined"], proposed_by__isnull=False, decided_by__isnull=False)
                    & Q(decided_at__isnull=False) & ~Q(decided_by=F("proposed_by"))
                ),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="service_term_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="service_term_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "plan", "kind", "setting", "days", "unit", "source", "valid_from", "proposed_by", "proposed_at",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.in_words}"

    @property
    def in_words(self) -> str:
        """Its length."""
        return length_in_words(self.days, self.unit)

    def holds(self, on: date) -> bool:
        """Whether a version in force counts on a day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    @property
    def term(self) -> Term | None:
        """As the clock counts it; None where nothing is promised."""
        return None if self.days is None else Term(self.days, Unit(self.unit))
