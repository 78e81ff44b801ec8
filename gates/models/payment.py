"""Own payments: the fen and yuan that insured people pay themselves, or a sponsor for them; each with its lines, never changed."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from gates.models.statement import Statement
from programs.models import Funder, Period, Program


class OwnPayment(models.Model):
    """Money that came in for the own shares of some people of a period, under one reference of the bank or office."""

    class State(models.TextChoices):
        """Whether each of its people has it recorded."""

        RECORDING = "recording", _("Being recorded")
        RECORDED = "recorded", _("Recorded")
        REVERSED = "reversed", _("Reversed")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="own_payments", verbose_name=_("period"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    #: Who paid for all of them; empty when each paid their own.
    sponsor = models.ForeignKey(
        Funder, models.PROTECT, null=True, blank=True, related_name="own_payments", verbose_name=_("sponsor")
    )
    #: The file that said who paid; empty for what was recorded without one.
    statement = models.OneToOneField(
        Statement, models.PROTECT, null=True, blank=True, related_name="payment", verbose_name=_("collection statement")
    )
    #: The clearing that assigned held money of a statement's lines; the reference is then that of the statement.
    clearing = models.OneToOneField(
        "gates.Clearing", models.PROTECT, null=True, blank=True, related_name="assigned", verbose_name=_("clearing")
    )
    reference = models.CharField(_("reference of the payment"), max_length=60, db_collation="C")
    paid_on = models.DateField(_("paid on"))
    people = models.PositiveIntegerField(_("people"))
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.RECORDING, db_collation="C")
    #: Whose cover had lapsed or was voided before it was their turn: their money is to be given back.
    left_people = models.PositiveIntegerField(_("people for whom it came too late"), default=0)
    left_amount = models.DecimalField(_("to be given back (yuan)"), max_digits=16, decimal_places=2, default=0)
    #: Recorded wrongly, and taken back by clearings: who owes again.
    reversed_people = models.PositiveIntegerField(_("people reversed"), default=0, db_default=0)
    reversed_amount = models.DecimalField(
        _("reversed (yuan)"), max_digits=16, decimal_places=2, default=0, db_default=0
    )
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    made_at = models.DateTimeField(_("recorded at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "organization", "region_code", "sponsor", "reference", "paid_on", "people", "amount",
        "state", "left_people", "left_amount", "made_by", "made_at", "statement",
        "clearing", "reversed_people", "reversed_amount",
    )

    class Meta:
        verbose_name = _("own payment")
        verbose_name_plural = _("own payments")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("record_payment", _("Can record own payments"))]
        constraints = [
            # What was reversed whole frees its reference; what was assigned has that of its statement.
            models.UniqueConstraint(
                name="own_payment_once", fields=["program", "reference"],
                condition=Q(clearing__isnull=True) & ~Q(state="reversed"),
            ),
            models.CheckConstraint(
                name="own_payment_reversed_within_it",
                condition=Q(reversed_people=0, reversed_amount=0) & ~Q(state="reversed")
                | Q(
                    state__in=["recorded", "reversed"], reversed_people__gt=0, reversed_amount__gt=0,
                    people__gte=models.F("left_people") + models.F("reversed_people"),
                ),
            ),
            models.CheckConstraint(
                name="own_payment_is_by_one_file", condition=Q(statement__isnull=True) | Q(clearing__isnull=True)
            ),
            models.CheckConstraint(name="own_payment_has_a_reference", condition=~Q(reference="")),
            models.CheckConstraint(
                name="own_payment_is_of_somebody", condition=Q(people__gt=0, amount__gt=0, left_people__lte=models.F("people"))
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="own_payment_is_kept", operation=pgtrigger.Delete),
            # Only the end of the recording is written later.
            pgtrigger.Protect(
                name="own_payment_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "period", "organization", "region_code", "sponsor", "reference", "paid_on", "people", "amount",
                    "made_by", "made_at", "statement", "clearing",
                ),
            ),
            # Once it is recorded only what was reversed of it changes, and only upwards.
            pgtrigger.Protect(
                name="own_payment_ends_once", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'recording' AND (NEW.state = 'recording' OR OLD.state = 'reversed'"
                    " OR NEW.left_people <> OLD.left_people OR NEW.left_amount <> OLD.left_amount"
                    " OR NEW.reversed_people < OLD.reversed_people OR NEW.reversed_amount < OLD.reversed_amount)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class OwnPaymentLine(models.Model):
    """The own share of one enrollment within a payment; no enrollment is paid twice, unless the line before was reversed."""

    payment = models.ForeignKey(OwnPayment, models.PROTECT, related_name="lines")
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="own_payment_lines", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    #: The line of a statement's file that said so: see `StatementRow`.
    row_id = models.BigIntegerField(_("line"), null=True)
    #: The clearing that took it back: it pays no more.
    reversed_by = models.ForeignKey(
        "gates.Clearing", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("reversed by")
    )

    objects = ScopedQuerySet.as_manager()

    #: As the enrollment: its office reads how it was paid for, whoever recorded the whole.
    scope = Scope(
        organization_path="enrollment__organization__path", region="enrollment__region_code",
        program="enrollment__program_id",
    )
    personal_fields = ()
    open_fields = ("id", "payment", "enrollment", "amount", "row_id", "reversed_by")

    class Meta:
        verbose_name = _("line of an own payment")
        verbose_name_plural = _("lines of own payments")
        constraints = [
            models.UniqueConstraint(
                name="own_share_paid_once", fields=["enrollment"], condition=Q(reversed_by__isnull=True)
            ),
        ]
        indexes = [
            models.Index(fields=["enrollment"], name="own_payment_line_reversed", condition=Q(reversed_by__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="own_payment_line_is_kept", operation=pgtrigger.Delete),
            # Only that it was reversed is written later, once.
            pgtrigger.Protect(
                name="own_payment_line_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.reversed_by_id IS NOT NULL OR NEW.payment_id <> OLD.payment_id"
                    " OR NEW.enrollment_id <> OLD.enrollment_id OR NEW.amount <> OLD.amount"
                    " OR NEW.row_id IS DISTINCT FROM OLD.row_id"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


def lines_of(covers: Any) -> QuerySet[OwnPaymentLine]:
    """Lines of these enrollments, those that pay and those that were reversed: each kind by its own index."""
    standing = Q(enrollment__in=covers, reversed_by__isnull=True)
    return OwnPaymentLine.objects.filter(standing | Q(enrollment__in=covers, reversed_by__isnull=False))
