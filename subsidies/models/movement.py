"""Money that moved between funders, insured people and the program: each recorded by one person and confirmed by another."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from audit.history import tracked
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from programs.models import Funder, Program
from subsidies.models.difference import Differences
from subsidies.models.request import FundRequest, funds_scope


class MovementKind(models.TextChoices):
    """What happened."""

    RECEIPT = "receipt", pgettext_lazy("funds", "Received")
    WRITE_OFF = "write_off", _("Written off")
    PAYBACK = "payback", _("Paid back to the funder")
    OWN_REFUND = "own_refund", _("Own shares paid back")
    REVERSAL = "reversal", _("Reversal of a wrong record")


class MovementState(models.TextChoices):
    """Nothing is booked before somebody else confirms it."""

    PROPOSED = "proposed", _("To be confirmed")
    CONFIRMED = "confirmed", _("Confirmed")
    DECLINED = "declined", _("Not confirmed")
    REVERSED = "reversed", _("Reversed")


@tracked
class FundMovement(models.Model):
    """One receipt, write-off, payback or reversal; yuan, always above zero."""

    kind = models.CharField(_("kind"), max_length=10, choices=MovementKind, db_collation="C")
    #: Empty when own shares go back to the insured.
    funder = models.ForeignKey(
        Funder, models.PROTECT, null=True, related_name="fund_movements", verbose_name=_("funder")
    )
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    #: A receipt without one goes to the oldest requests first.
    request = models.ForeignKey(
        FundRequest, models.PROTECT, null=True, related_name="movements", verbose_name=_("request for funds")
    )
    differences = models.ForeignKey(
        Differences, models.PROTECT, null=True, related_name="movements", verbose_name=_("differences")
    )
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversals", verbose_name=_("reverses")
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    reference = models.CharField(_("reference of the payment"), max_length=60, blank=True, default="", db_collation="C")
    moved_on = models.DateField(_("day of the movement"))
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    state = models.CharField(_("state"), max_length=9, choices=MovementState, default=MovementState.PROPOSED, db_collation="C")
    #: Held for the funder when it was confirmed.
    held = models.DecimalField(_("held for the funder (yuan)"), max_digits=16, decimal_places=2, default=0)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    made_at = models.DateTimeField(_("recorded at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = funds_scope()
    personal_fields = ()
    open_fields = (
        "id", "kind", "funder", "program", "request", "differences", "reverses", "amount", "reference", "moved_on", "reason",
        "state", "held", "made_by", "made_at", "decided_by", "decided_at", "answer",
    )

    class Meta:
        verbose_name = _("movement of funds")
        verbose_name_plural = _("movements of funds")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("record_movement", _("Can record movements of funds")),
            ("confirm_movement", _("Can confirm movements of funds")),
        ]
        constraints = [
            models.CheckConstraint(name="fund_movement_above_zero", condition=Q(amount__gt=0)),
            # A wrong record that was declined or reversed frees its reference.
            models.UniqueConstraint(
                name="fund_movement_reference_once", fields=["program", "reference"],
                condition=Q(state__in=["proposed", "confirmed"]) & ~Q(reference=""),
            ),
            models.UniqueConstraint(
                name="fund_movement_reversed_once", fields=["reverses"],
                condition=Q(reverses__isnull=False, state__in=["proposed", "confirmed"]),
            ),
            models.UniqueConstraint(
                name="fund_movement_own_refund_once", fields=["differences"],
                condition=Q(kind="own_refund", state__in=["proposed", "confirmed"]),
            ),
            models.CheckConstraint(
                name="fund_movement_names_what_it_is_about",
                condition=(Q(kind="receipt", funder__isnull=False, differences__isnull=True, reverses__isnull=True)
                    & ~Q(reference=""))
                | (Q(kind="write_off", funder__isnull=False, request__isnull=False, differences__isnull=True,
                    reverses__isnull=True) & ~Q(reason=""))
                | (Q(kind="payback", funder__isnull=False, request__isnull=True, differences__isnull=True,
                    reverses__isnull=True) & ~Q(reference=""))
                | (Q(kind="own_refund", funder__isnull=True, request__isnull=True, differences__isnull=False,
                    reverses__isnull=True) & ~Q(reference=""))
                | (Q(kind="reversal", reverses__isnull=False) & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="fund_movement_decided_by_another",
                condition=Q(state="proposed", decided_by__isnull=True)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("made_by"))),
            ),
            models.CheckConstraint(
                name="fund_movement_held_is_a_receipts", condition=Q(held=0) | Q(kind="receipt", held__gt=0, amount__gte=F("held")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="fund_movement_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="fund_movement_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "kind", "funder", "program", "request", "differences", "reverses", "amount", "reference", "moved_on",
                    "reason", "made_by", "made_at",
                ),
            ),
            pgtrigger.Protect(
                name="fund_movement_is_decided_once", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["declined", "reversed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class FundAllocation(models.Model):
    """Yuan of a request that were met (or came undone, below zero): by a movement, or by what was held for the funder."""

    request = models.ForeignKey(FundRequest, models.PROTECT, related_name="allocations", verbose_name=_("request for funds"))
    #: None: from what was held, when the request was approved.
    movement = models.ForeignKey(
        FundMovement, models.PROTECT, null=True, related_name="allocations", verbose_name=_("movement")
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    at = models.DateTimeField(_("at"))

    objects = ScopedQuerySet.as_manager()

    scope: Scope = funds_scope("request__")
    personal_fields = ()
    open_fields = ("id", "request", "movement", "amount", "at")

    class Meta:
        verbose_name = _("allocation of funds")
        verbose_name_plural = _("allocations of funds")
        default_permissions = ()
        constraints = [models.CheckConstraint(name="fund_allocation_is_not_zero", condition=~Q(amount=0))]
        triggers = append_only("fund_allocation")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
