"""Remittances: premium that is paid to the insurer for agreed invoices; which payer's money, and what the bank said."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from handover.models.invoice import Invoice
from programs.models import Funder, Period, Program


class RemittanceState(models.TextChoices):
    """Nothing is booked before the bank has paid."""

    PREPARED = "prepared", _("To be approved")
    APPROVED = "approved", _("Approved, to be paid")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed at the bank")
    WITHDRAWN = "withdrawn", _("Withdrawn")


#: States in which an invoice is on its way, so that no other remittance may pay it.
LIVE = (RemittanceState.PREPARED, RemittanceState.APPROVED, RemittanceState.PAID)
#: States that the insurer is shown: before a second person has approved it, a payment is the office's own matter.
TOLD = (RemittanceState.APPROVED, RemittanceState.PAID, RemittanceState.FAILED)


def _paid(prefix: str = "") -> Scope:
    """The operating office's own; read by the insurer that is paid."""
    return Scope.any_of(
        Scope(
            organization_path=f"{prefix}program__organization__path", region=f"{prefix}program__region_code",
            program=f"{prefix}program_id",
        ),
        Scope(
            organization_path=f"{prefix}insurer__path", program=f"{prefix}program_id", reading_only=True,
            where=((f"{prefix}state__in", TOLD),),
        ),
    )


@tracked
class Remittance(models.Model):
    """The agreed sums of some invoices of a period: prepared by one, approved by another, confirmed by what the bank says."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="remittances", verbose_name=_("period"))
    insurer = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("insurer"))
    state = models.CharField(
        _("state"), max_length=9, choices=RemittanceState, default=RemittanceState.PREPARED, db_collation="C"
    )
    lines = models.PositiveIntegerField(_("lines"))
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("prepared by"))
    made_at = models.DateTimeField(_("prepared at"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by"))
    approved_at = models.DateTimeField(_("approved at"), null=True)
    #: Who recorded what the bank said, or took it back.
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by"))
    ended_at = models.DateTimeField(_("recorded at"), null=True)
    reference = models.CharField(_("bank's reference"), max_length=60, blank=True, default="", db_collation="C")
    paid_on = models.DateField(_("paid on"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = _paid()
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "insurer", "state", "lines", "amount", "made_by", "made_at", "approved_by", "approved_at",
        "ended_by", "ended_at", "reference", "paid_on", "reason",
    )

    class Meta:
        verbose_name = _("remittance to an insurer")
        verbose_name_plural = _("remittances to insurers")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("prepare_remittance", _("Can prepare remittances to insurers")),
            ("approve_remittance", _("Can approve remittances to insurers or decline them")),
            ("confirm_remittance", _("Can record what the bank said of remittances")),
        ]
        constraints = [
            models.CheckConstraint(name="remittance_above_zero", condition=Q(amount__gt=0, lines__gt=0)),
            models.CheckConstraint(
                name="remittance_approved_by_another",
                condition=~Q(state__in=["approved", "paid", "failed"])
                | (Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("made_by"))),
            ),
            models.CheckConstraint(
                name="remittance_confirmed_by_another",
                condition=~Q(state__in=["paid", "failed"])
                | (Q(ended_by__isnull=False, ended_at__isnull=False) & ~Q(ended_by=F("approved_by"))),
            ),
            models.CheckConstraint(
                name="remittance_paid_with_a_reference",
                condition=(Q(state="paid", paid_on__isnull=False) & ~Q(reference=""))
                | (~Q(state="paid") & Q(paid_on__isnull=True, reference="")),
            ),
            models.CheckConstraint(
                name="remittance_ends_with_a_reason",
                condition=~Q(state__in=["failed", "withdrawn"]) | ~Q(reason=""),
            ),
            models.UniqueConstraint(
                name="remittance_reference_once", fields=["program", "reference"], condition=~Q(reference="")
            ),
        ]
        indexes = [models.Index(fields=["period", "state"], name="remittance_of_period")]
        triggers = [
            pgtrigger.Protect(name="remittance_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="remittance_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("program", "period", "insurer", "lines", "amount", "made_by", "made_at"),
            ),
            pgtrigger.Protect(
                name="remittance_ends_once", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["paid", "failed", "withdrawn"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


_SCOPE = _paid("remittance__")


class RemittanceInvoice(models.Model):
    """An invoice that a remittance pays, whole; free again (`stands` false) once it failed or was withdrawn."""

    remittance = models.ForeignKey(Remittance, models.PROTECT, related_name="paid_invoices")
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="remittances", db_index=False)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    stands = models.BooleanField(default=True)

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "remittance", "invoice", "amount", "stands")

    class Meta:
        verbose_name = _("invoice of a remittance")
        verbose_name_plural = _("invoices of remittances")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="invoice_remitted_once", fields=["invoice"], condition=Q(stands=True)),
            models.UniqueConstraint(name="remittance_invoice_once", fields=["remittance", "invoice"]),
        ]
        triggers = [
            pgtrigger.Protect(name="remittance_invoice_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="remittance_invoice_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("remittance", "invoice", "amount"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remittance_id} {self.invoice_id}"


class RemittancePart(models.Model):
    """Yuan of one payer in a remittance; no funder: the insured themselves. Below zero: more came back than was owed."""

    remittance = models.ForeignKey(Remittance, models.PROTECT, related_name="parts")
    funder = models.ForeignKey(Funder, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("payer"))
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "remittance", "funder", "amount")

    class Meta:
        verbose_name = _("payer's part of a remittance")
        verbose_name_plural = _("payers' parts of remittances")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="remittance_part_once", fields=["remittance", "funder"], nulls_distinct=False),
            models.CheckConstraint(name="remittance_part_is_not_zero", condition=~Q(amount=0)),
        ]
        triggers = append_only("remittance_part")

    def __str__(self) -> str:
        return f"{self.remittance_id} {self.pk}"
