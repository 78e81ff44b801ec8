"""Budgets of funders, and what rosters hold of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from programs.models.funding import Funder
from programs.models.plan import Period
from programs.models.program import Category, Program

#: Shares of a budget from which its page warns.
WARN_AT, ALARM_AT = Decimal("0.80"), Decimal("0.95")


def money_scope(prefix: str = "") -> Scope:
    """Who sees a funder's money in a program: the funder, who alone decides on it, and the operating office."""
    return Scope.any_of(
        Scope(
            organization_path=f"{prefix}funder__organization__path", region=f"{prefix}funder__region_code",
            program=f"{prefix}program_id",
        ),
        Scope(
            organization_path=f"{prefix}program__organization__path", region=f"{prefix}program__region_code",
            program=f"{prefix}program_id", reading_only=True,
        ),
    )


class BudgetQuerySet(ScopedQuerySet):
    """Chainable words about budgets."""

    def open(self) -> Self:
        """Approved and not closed: what rosters can reserve."""
        return self.filter(state=Budget.State.APPROVED)

    def bound_from(self, share: Decimal) -> Self:
        """Open ones of which this share of the grant (0 to 1) or more is reserved or used."""
        return self.open().filter(reserved__gte=F("granted") * share - F("used"))


@tracked
class Budget(models.Model):
    """One tranche of a funder's money for one period of a program, open or bound to a region or category."""

    class State(models.TextChoices):
        """A draft holds nothing."""

        DRAFT = "draft", _("Proposed")
        APPROVED = "approved", _("Approved")
        CLOSED = "closed", _("Closed")

    funder = models.ForeignKey(Funder, models.PROTECT, related_name="budgets", verbose_name=_("funder"))
    program = models.ForeignKey(Program, models.PROTECT, related_name="budgets", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="budgets", verbose_name=_("period"))
    label = models.CharField(_("tranche"), max_length=40)
    region_prefix = models.CharField(
        _("region"), max_length=12, blank=True, default="", db_collation="C", help_text=_("Empty: everywhere.")
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category"),
        help_text=_("Empty: every category."),
    )
    granted = models.DecimalField(_("granted"), max_digits=16, decimal_places=2, help_text=_("Yuan."))
    reserved = models.DecimalField(_("reserved"), max_digits=16, decimal_places=2, default=0)
    used = models.DecimalField(_("used"), max_digits=16, decimal_places=2, default=0)
    #: Came in against requests. Above `used` while money of covers that were undone waits to be set off or paid back.
    settled = models.DecimalField(_("settled"), max_digits=16, decimal_places=2, default=0)
    released = models.DecimalField(_("released"), max_digits=16, decimal_places=2, default=0)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT, db_collation="C")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by"))
    approved_at = models.DateTimeField(_("approved at"), null=True)

    objects = BudgetQuerySet.as_manager()

    scope = money_scope()
    personal_fields = ()
    open_fields = (
        "id", "funder", "program", "period", "label", "region_prefix", "category", "granted", "reserved", "used",
        "settled", "released", "state", "proposed_by", "proposed_at", "approved_by", "approved_at",
    )

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ["program", "funder", "label"]
        permissions = [
            ("propose_budget", _("Can propose budgets")),
            ("approve_budget", _("Can approve and close budgets")),
        ]
        constraints = [
            models.CheckConstraint(
                name="budget_never_overspent", condition=Q(granted__gte=F("reserved") + F("used"))
            ),
            models.CheckConstraint(
                name="budget_not_negative",
                condition=Q(granted__gte=0, reserved__gte=0, used__gte=0, settled__gte=0, released__gte=0),
            ),
            models.CheckConstraint(
                name="budget_approved_by_another",
                condition=Q(state="draft", approved_by__isnull=True)
                | (Q(state__in=["approved", "closed"], approved_by__isnull=False) & ~Q(approved_by=F("proposed_by"))),
            ),
            models.CheckConstraint(
                name="budget_draft_holds_nothing", condition=~Q(state="draft") | Q(reserved=0, used=0)
            ),
            models.UniqueConstraint(
                name="budget_tranche_once", fields=["funder", "program", "period", "label"],
            ),
        ]

    #: Whose name is a part of its own.
    named_by = ("funder",)

    def __str__(self) -> str:
        return f"{self.funder} {self.label}"

    @property
    def available(self) -> Decimal:
        """Yuan that can still be reserved."""
        return self.granted - self.reserved - self.used if self.state == self.State.APPROVED else Decimal("0.00")

    @property
    def bound_share(self) -> Decimal:
        """Reserved and used as a share of the grant, 0 to 1."""
        return (self.reserved + self.used) / self.granted if self.granted else Decimal(0)

    @property
    def alarm(self) -> str:
        """"" below 80 %, "warning" from 80 %, "alarm" from 95 %, "full" at 100 %, where nothing more is reserved."""
        share = self.bound_share
        if share >= 1:
            return "full"
        return "alarm" if share >= ALARM_AT else "warning" if share >= WARN_AT else ""


@tracked
class BudgetReservation(models.Model):
    """What one owner (a roster) holds of one funder for one county and category."""

    owner_type = models.CharField(max_length=60, db_collation="C")
    owner_id = models.BigIntegerField(_("held by"))
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name=_("period"))
    funder = models.ForeignKey(Funder, models.PROTECT, related_name="+", verbose_name=_("funder"))
    region_code = models.CharField(_("county"), max_length=12, db_collation="C")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name=_("category"))
    people = models.PositiveIntegerField(_("people"))
    reserved_at = models.DateTimeField(_("reserved at"))
    closed_at = models.DateTimeField(_("closed at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = money_scope()
    personal_fields = ()
    open_fields = (
        "id", "owner_type", "owner_id", "program", "period", "funder", "region_code", "category", "people",
        "reserved_at", "closed_at",
    )

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="reservation_once", fields=["owner_type", "owner_id", "funder", "region_code", "category"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


@tracked
class BudgetReservationLine(models.Model):
    """The part of a reservation that one budget carries."""

    reservation = models.ForeignKey(BudgetReservation, models.PROTECT, related_name="lines")
    budget = models.ForeignKey(Budget, models.PROTECT, related_name="lines", verbose_name=_("budget"))
    reserved = models.DecimalField(_("reserved"), max_digits=16, decimal_places=2)
    used = models.DecimalField(_("used"), max_digits=16, decimal_places=2, default=0)
    released = models.DecimalField(_("released"), max_digits=16, decimal_places=2, default=0)

    objects = ScopedQuerySet.as_manager()

    scope = money_scope("reservation__")
    personal_fields = ()
    open_fields = ("id", "reservation", "budget", "reserved", "used", "released")

    class Meta:
        verbose_name = _("part of a reservation")
        verbose_name_plural = _("parts of reservations")
        constraints = [
            models.UniqueConstraint(name="reservation_line_once", fields=["reservation", "budget"]),
            models.CheckConstraint(
                name="reservation_line_within_reserved",
                condition=Q(used__gte=0, released__gte=0, reserved__gte=F("used") + F("released")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reservation_id} {self.budget_id}"

    @property
    def left(self) -> Decimal:
        """Yuan neither used nor released."""
        return self.reserved - self.used - self.released
